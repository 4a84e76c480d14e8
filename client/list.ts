import { askHealth } from "../src/protocol/ask-health.ts";
import type { HealthReport } from "../src/protocol/plugin-messages.ts";

/** One socket, and what answered there. */
export interface Listed {
  readonly tool: string;
  readonly state: "ready" | "stopping" | "down";
  readonly socket: string;
  readonly pid: number | null;
  /** ISO 8601. */
  readonly since: string | null;
  readonly sessions: number | null;
  readonly version: string | null;
  /** How the streams of its last session travelled. */
  readonly carrier: HealthReport["carrier"] | null;
  /** Why its config is not in use as the file is now; empty when it is. */
  readonly problem: string | null;
  readonly reason: string | null;
}

/** Every plugin that has a socket in one of the folders, each asked how it is; by name. The first folder that has a tool counts. */
export async function listPlugins(folders: readonly string[]): Promise<Listed[]> {
  const sockets = new Map<string, string>();
  for (const folder of folders) {
    for (const path of findSockets(folder)) {
      const tool = path.slice(path.lastIndexOf("/") + 1, -".sock".length);
      sockets.set(tool, sockets.get(tool) ?? path);
    }
  }
  const listed = await Promise.all([...sockets].map(([tool, socket]) => look(tool, socket)));
  return listed.toSorted((a, b) => (a.tool < b.tool ? -1 : 1));
}

/** For people: one plugin a line, or a sentence when there are none. */
export function formatList(listed: readonly Listed[], folders: readonly string[]): string {
  if (listed.length === 0) {
    return `No plugins in ${folders.join(" or ")}\n`;
  }
  const width = Math.max(...listed.map(({ tool }) => tool.length));
  return listed
    .map(({ tool, state, reason, problem }) => {
      const config = problem === null || problem === "" ? "" : `, on its former config: ${problem}`;
      return `${tool.padEnd(width)}  ${state}${reason === null ? "" : `: ${reason}`}${config}\n`;
    })
    .join("");
}

/** `<folder>/<tool>/<tool>.sock` first, as a call would. A link to a socket that is not there yet is no plugin. */
function findSockets(folder: string): string[] {
  const { readdirSync, existsSync } = process.getBuiltinModule("node:fs");
  try {
    const names = readdirSync(folder);
    const own = names.map((name) => `${folder}/${name}/${name}.sock`);
    const short = names.filter((name) => name.endsWith(".sock")).map((name) => `${folder}/${name}`);
    return [...own, ...short].filter((path) => existsSync(path));
  } catch {
    return [];
  }
}

async function look(tool: string, socket: string): Promise<Listed> {
  try {
    const { state, pid, sinceMs, sessions, version, carrier, problem } = await askHealth(socket);
    const since = new Date(sinceMs).toISOString();
    return { ...nobody, tool, state, socket, pid, since, sessions, version, carrier, problem };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ECONNREFUSED" ? "nobody answers at its socket; start the plugin" : (code ?? message);
    return { ...nobody, tool, socket, reason };
  }
}

const nobody = {
  state: "down",
  pid: null,
  since: null,
  sessions: null,
  version: null,
  carrier: null,
  problem: null,
  reason: null,
} as const;
