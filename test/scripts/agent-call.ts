import type { Outcome, TemporaryHome } from "./home.ts";

/** A command where the agent runs, which may wait. */
export interface AgentCall extends AsyncDisposable {
  readonly finished: Promise<Outcome>;
}

export function startCall(home: TemporaryHome, command: readonly string[]): AgentCall {
  const child = Bun.spawn([`${import.meta.dir}/../../scripts/run.sh`, "exec", "--", ...command], {
    cwd: home.project,
    env: home.environment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const finish = async (): Promise<Outcome> => {
    const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { stdout, stderr, status };
  };
  return {
    finished: finish(),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
    },
  };
}
