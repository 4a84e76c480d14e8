import type { Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";

/** What a command of docker printed, and how it ended. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly ok: boolean;
}

/** Questions are answered at once by an engine that is well; what builds or starts says itself how long it may take. */
const ASK_MS = 10_000;

export async function docker(args: readonly string[], limitMs: number = ASK_MS): Promise<Outcome> {
  const child = Bun.spawn(["docker", ...args], {
    env: dockerEnvironment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: limitMs,
  });
  const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const late = child.signalCode === null ? "" : `docker ${args[0]} did not end within ${limitMs / 1000} s\n`;
  return { stdout, stderr: `${stderr}${late}`, ok: status === 0 };
}

/** `docker compose` of this home's project, every profile of it. */
export async function compose(home: Home, args: readonly string[], limitMs?: number): Promise<Outcome> {
  return await docker(["compose", "--env-file", home.environment, "--profile", "*", ...args], limitMs);
}

/** The same, when there is nothing to be done but to say that it failed. */
export async function mustCompose(home: Home, args: readonly string[], limitMs?: number): Promise<string> {
  const { stdout, stderr, ok } = await compose(home, args, limitMs);
  if (!ok) {
    throw new Refusal(1, `Cannot run docker compose ${args[0]}: ${complaint(stderr)}`);
  }
  return stdout;
}

/** The last line that says something: what comes before it are the steps that went well. */
export function complaint(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  return lines.at(-1)?.trim() ?? "it gave no reason";
}

/** What the caller's shell has under these names would win over the file that is written for this home. */
function dockerEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("COMPOSE_") && !OWN.includes(name)),
  );
}

const OWN: readonly string[] = [
  "CLAUDE_CONTAINER_HOME",
  "CLAUDE_PROJECT",
  "CLAUDE_UID",
  "CLAUDE_GID",
  "CLAUDE_SOCKETS",
  "CLAUDE_SOCKETS_DEVICE",
  "CLAUDE_BROKERS",
  "AGENT_COMMAND",
];
