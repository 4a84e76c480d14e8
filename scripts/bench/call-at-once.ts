import type { Workplace } from "./workplace.ts";

export interface Crowd {
  /** How long each call took; those that failed too. */
  readonly ms: readonly number[];
  /** What each call that failed said. */
  readonly failures: readonly string[];
  readonly totalMs: number;
}

export interface CrowdOptions {
  readonly calls: number;
  readonly atOnce: number;
}

/** Runs one command `calls` times, never more than `atOnce` at a time and never fewer while there are some left. */
export async function callAtOnce(
  { folder, env }: Workplace,
  command: readonly string[],
  { calls, atOnce }: CrowdOptions,
): Promise<Crowd> {
  const ms: number[] = [];
  const failures: string[] = [];
  let left = calls;
  const started = performance.now();
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const called = performance.now();
      const child = Bun.spawn([...command], { cwd: folder, env: { ...env }, stdio: ["ignore", "ignore", "pipe"] });
      const [status, complaint] = await Promise.all([child.exited, child.stderr.text()]);
      ms.push(performance.now() - called);
      if (status !== 0 || complaint !== "") {
        failures.push(`A call ended with ${status}: ${complaint.trim()}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return { ms, failures, totalMs: performance.now() - started };
}
