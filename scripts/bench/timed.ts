/** Where and with what a command runs. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Far more than any command here needs: a call that hangs must not hang the benchmark. */
const LIMIT_MS = 300_000;

/**
 * How long a command takes, in milliseconds, from before its start to its reaping, with nothing on its streams. Bun's own
 * part in it is the same as that of a bare posix_spawn(3) and waitpid(2).
 *
 * @throws Error when it fails, for then it did not do what is measured
 */
export function timed(command: readonly string[], { cwd, env }: Surroundings): number {
  const started = performance.now();
  const { exitCode, signalCode } = Bun.spawnSync([...command], {
    cwd,
    env: { ...env },
    stdio: ["ignore", "ignore", "ignore"],
    timeout: LIMIT_MS,
  });
  const ms = performance.now() - started;
  if (exitCode !== 0) {
    throw new Error(`Cannot measure \`${command.join(" ")}\`: it ended with ${signalCode ?? exitCode}`);
  }
  return ms;
}
