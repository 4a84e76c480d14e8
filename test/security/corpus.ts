import { existsSync, readFileSync } from "node:fs";
import { copyFile, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

import { SERVER } from "../helpers/executables.ts";
import type { Measure } from "./situation.ts";

/** One case, of those that only tests look at the name and the class of. */
export interface Case {
  readonly id: string;
  readonly class: string;
}

/** What the runner found out about one. */
export interface Finding {
  readonly id: string;
  readonly class: string;
  /** Of an attack that it went through, of an ordinary call that it did not work. */
  readonly attack_succeeded?: boolean;
  readonly violated?: readonly string[];
  /** What only informs: that code of the agent's ran where the tool runs. */
  readonly strict_violated?: readonly string[];
  readonly leak?: string;
  readonly stderr?: string;
  /** Why the case could not be run. */
  readonly error?: string;
}

const HERE = import.meta.dir;
const CORPUS = resolve(HERE, "../../../shared/attacks");

/** Whether the corpus, with the program that runs cases, lies beside this checkout. */
export const hasCorpus: boolean = existsSync(`${CORPUS}/run.mjs`);

/** The cases of the corpus, if it is there, and our own. */
export const cases: readonly Case[] = [
  ...(hasCorpus ? readCases(`${CORPUS}/cases.json`) : []),
  ...readCases(`${HERE}/cases.json`),
];

/** The ids of the attacks on the daemon. */
export const daemonAttacks: readonly string[] = hasCorpus
  ? [...readFileSync(`${CORPUS}/daemon-attacks.mjs`, "utf8").matchAll(/^t\('(d-[\w-]+)'/gm)].map(([, id = ""]) => id)
  : [];

/**
 * Runs the cases whose id and class match `only` against compose, without the measures named. Prints a line for each
 * on stdout as it goes; a run ends by itself, since each call does.
 *
 * @throws {Error} when the runner fails, with what it said
 */
export async function runCases(only: string, without: readonly Measure[] = []): Promise<Map<string, Finding>> {
  const folder = await mkdtemp(`${tmpdir()}/atk-corpus-`);
  try {
    await Promise.all([
      copyFile(`${CORPUS}/run.mjs`, `${folder}/run.mjs`),
      cp(`${CORPUS}/lib`, `${folder}/lib`, { recursive: true }),
      writeFile(`${folder}/cases.json`, JSON.stringify(cases)),
    ]);
    const said = await run(["run.mjs", "--adapter", `${HERE}/adapter.ts`, "--only", only, "--json", "out"], folder, {
      ATTACK_WITHOUT: without.join(","),
    });
    const findings = Bun.file(`${folder}/out`);
    if (!(await findings.exists())) {
      throw new Error(`The runner has found nothing out:\n${said}`);
    }
    return new Map(((await findings.json()) as Finding[]).map((finding) => [finding.id, finding]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the attacks on the daemon in raw bytes. Returns the line about each, by its id. */
export async function runDaemonAttacks(): Promise<Map<string, string>> {
  const folder = await mkdtemp(`${tmpdir()}/atk-daemon-`);
  try {
    await writeFile(`${folder}/git.yaml`, JSON.stringify({ plugin: "git", roots: [folder] }));
    const serve = `exec '${SERVER}' serve '${folder}/git.yaml' --socket "$1" 2>"$2"`;
    await writeFile(`${folder}/serve.sh`, `export HOME='${folder}'\n${serve}\n`);
    const spawn = ["--spawn", `/bin/sh ${folder}/serve.sh {sock} {log}`];
    const framing = ["--framing", `${HERE}/framing.mjs`, "--ws", folder];
    const said = await run([`${CORPUS}/daemon-attacks.mjs`, ...spawn, ...framing], folder, {});
    const lines = said.matchAll(/^(?:safe|PWNED) +(d-[\w-]+).*$/gm);
    return new Map([...lines].map(([line, id = ""]) => [id, line]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In an environment of its own: a case may run code as this user if all else fails. */
async function run(args: readonly string[], cwd: string, more: Readonly<Record<string, string>>): Promise<string> {
  const engine = ["DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_BUILDKIT", "CLAUDE_CONTAINER_VERSION"];
  const known = engine.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  const child = Bun.spawn([process.execPath, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, TMPDIR: tmpdir(), ...Object.fromEntries(known), ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return stdout + stderr;
}

function readCases(file: string): Case[] {
  return JSON.parse(readFileSync(file, "utf8")) as Case[];
}
