/** What a command printed, and how it ended. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** Runs a command to its end, which comes after `timeoutMs` at the latest. */
export async function run(
  command: string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs = 60_000,
): Promise<Outcome> {
  const child = Bun.spawn(command, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
  const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, status };
}
