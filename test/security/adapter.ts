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

/** For a machine that is busy, too. */
const CALL_SECONDS = 60;

/** One call by the client in the agent's container. */
async function call(stage: Stage, { tool, argv, env, cwd, stdin, tty }: Attack, ws: string): Promise<Result> {
  const limit = ["/usr/bin/timeout", "--foreground", "--signal", "KILL", String(CALL_SECONDS)];
  const client = [...limit, `/home/claude/bin/${tool}`, ...argv];
  const command = tty === true ? ["/usr/bin/script", "-qec", quoted(client), "/dev/null"] : client;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  // Where the agent has no such folder, it cannot call from there.
  const enter = `cd ${quoted([cwd])} 2>/dev/null || cd ${quoted([ws])}`;
  const { code, stdout, stderr } = await stage.asAgent(
    `${enter}\nexec ${quoted(["/usr/bin/env", ...variables, ...command])}`,
    stdin,
  );
  return { code, stdout, stderr, denied: code === 126 };
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
