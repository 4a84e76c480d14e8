import { readFileSync } from "node:fs";

import type { Workplace } from "./workplace.ts";

/** The medians in ms that hyperfine(1) finds for the same commands; undefined where it is not installed. */
export function hyperfineMedians<Name extends string>(
  { folder, env }: Workplace,
  commands: Readonly<Record<Name, readonly string[]>>,
  runs: number,
): Record<Name, number> | undefined {
  const program = Bun.which("hyperfine");
  if (program === null) {
    return undefined;
  }
  const names = Object.keys(commands) as Name[];
  const file = `${folder}/hyperfine.json`;
  const options = ["-N", "--style", "none", "--warmup", "10", "--runs", String(runs), "--export-json", file];
  const lines = names.map((name) => commands[name].map(quote).join(" "));
  const { exitCode } = Bun.spawnSync([program, ...options, ...lines], {
    cwd: folder,
    env: { ...env },
    stdio: ["ignore", "ignore", "ignore"],
  });
  if (exitCode !== 0) {
    throw new Error(`Cannot measure with ${program}: it exited with ${exitCode}`);
  }
  const { results } = JSON.parse(readFileSync(file, "utf8")) as { results: { median: number }[] };
  return Object.fromEntries(names.map((name, place) => [name, (results[place]?.median ?? 0) * 1000])) as Record<
    Name,
    number
  >;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
