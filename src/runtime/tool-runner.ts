import type { Open } from "../protocol/client-messages.ts";
import type { Host } from "./host.ts";
import type { PreviewedCall } from "./plugin.ts";
import { prepare } from "./prepare.ts";
import { signalProcess } from "./processes.ts";

const MAX_OUTPUT_BYTES = 256 * 1024;

/** Where and how long the tool may be asked about a call. */
export interface Asking {
  readonly cwd: string;
  /** Names the call for the processes that are started. */
  readonly mark: string;
  readonly over: AbortSignal;
}

/** Runs the tool with other arguments, as it would run for this call, until `over`. */
export function toolRunner(host: Host, open: Open, { cwd, mark, over }: Asking): PreviewedCall["run"] {
  const { file, env } = prepare(host, open, mark);
  return async (args) =>
    file === undefined || over.aborted ? undefined : await runTool(host, { file, args, cwd, env, mark }, over);
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
  // Else whoever collects or ends orphans would take it for one, and it would seem to have failed.
  tools.set(child.pid, mark);
  const end = (): void => signalProcess(-child.pid, "SIGKILL");
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
