import type { Attack, Result, Situation } from "./situation.ts";
import { Stage } from "./stage.ts";

let stage: Promise<Stage> | undefined;

/**
 * The real system for the attack corpus: agent, plugins and brokers of compose.yaml. They stay up from the first case to
 * the last; each case gets its workspace and its rules, by an edit of the config.
 */
export async function start(situation: Situation): Promise<{
  exec: (attack: Attack) => Promise<Result>;
  stop: () => Promise<void>;
}> {
  const { ws } = situation;
  const set = await (stage ??= Stage.up(situation));
  await set.prepare(situation);
  const called = new Set<string>();
  return {
    exec: async (attack) => {
      called.add(attack.tool);
      return await call(set, attack, ws);
    },
    stop: async () => void (await Promise.all([...called].map(async (tool) => await set.clear(tool)))),
  };
}

const CALL_SECONDS = 25;

/** One call by the client in the agent's container. */
async function call(stage: Stage, { tool, argv, env, cwd, stdin, tty }: Attack, ws: string): Promise<Result> {
  const limit = ["timeout", "--foreground", "--signal", "KILL", String(CALL_SECONDS)];
  const client = [...limit, `/home/claude/bin/${tool}`, ...argv];
  const quoted = client.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const command = tty === true ? ["script", "-qec", quoted, "/dev/null"] : client;
  // Where the agent has no such folder, it cannot call from there.
  const run = ["sh", "-c", 'cd "$1" 2>/dev/null || cd "$2"; shift 2; exec "$@"', "sh", cwd, ws, ...command];
  const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const child = Bun.spawn(["docker", "exec", "-i", ...variables, stage.agent, ...run], {
    stdio: [new Blob([stdin]), "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr, denied: code === 126 };
}
