import type { Open } from "../protocol/client-messages.ts";
import type { Host } from "./host.ts";
import { prepare } from "./prepare.ts";
import { signalGroup } from "./spawn.ts";

/** All of one preview: a person waits for it. */
const LIMIT_MS = 3000;
const MAX_OUTPUT_BYTES = 256 * 1024;
const MAX_PREVIEW_CHARS = 16 * 1024;

/**
 * What the plugin of the tool says that a call would change; null when it says nothing. Never throws: a question
 * without a preview is still a question.
 */
export async function previewOf(host: Host, open: Open, cwd: string, mark: string): Promise<string | null> {
  const { preview } = host.plugin;
  if (preview === undefined) {
    return null;
  }
  const over = AbortSignal.timeout(LIMIT_MS);
  const { file, env } = prepare(host, open, mark);
  const run = async (args: readonly string[]): Promise<string | undefined> =>
    file === undefined || over.aborted ? undefined : await runTool(host, { file, args, cwd, env, mark }, over);
  try {
    const late = new Promise<string>((settle) => {
      over.addEventListener("abort", () =>
        settle(`It took longer than ${LIMIT_MS / 1000} s to find out what this does.`),
      );
    });
    const text = await Promise.race([preview({ args: open.args, run }), late]);
    if (text === undefined) {
      return null;
    }
    return text.length <= MAX_PREVIEW_CHARS
      ? text
      : `${text.slice(0, MAX_PREVIEW_CHARS)}\n… and ${text.length - MAX_PREVIEW_CHARS} characters more, which are not shown`;
  } catch {
    return "It could not be found out what this does.";
  }
}

interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mark: string;
}

/** In a group of its own, as the tool's user: what it starts is the agent's code, and ends with it. */
async function runTool(
  { identity, plugin, tools, toolEnded }: Host,
  { file, args, cwd, env, mark }: Launch,
  over: AbortSignal,
): Promise<string | undefined> {
  const child = Bun.spawn([file, ...args], {
    argv0: plugin.name,
    cwd,
    env: { ...env },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
    ...identity,
  });
  tools.set(child.pid, mark);
  const end = (): void => signalGroup(child.pid, "SIGKILL");
  over.addEventListener("abort", end);
  try {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of child.stdout) {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) {
        return undefined;
      }
      chunks.push(chunk);
    }
    return (await child.exited) === 0 ? Buffer.concat(chunks).toString() : undefined;
  } finally {
    over.removeEventListener("abort", end);
    end();
    void child.exited.finally(() => {
      tools.delete(child.pid);
      toolEnded();
    });
  }
}
