import { existsSync } from "node:fs";

import { listContainers } from "../compose/containers.ts";
import { readEnvironment } from "../compose/environment.ts";
import { toolOfService } from "../compose/services.ts";
import { approvalsPath, type Home } from "../home/home.ts";
import { isRunning, readRecords } from "../local/record.ts";

export type Mode = "compose" | "local";

/** Where the questions of one plugin are answered. */
export interface Place {
  readonly tool: string;
  /** Another daemon of the same tool is another place. */
  readonly name: string;
  /** The command line of `plugin-server approvals ACTION SOCKET ARGS…` there. */
  readonly command: (action: string, ...args: readonly string[]) => string[];
}

/** The plugins of a home that run. */
export async function listPlaces(home: Home, mode: Mode): Promise<Place[]> {
  return mode === "compose" ? await containerPlaces(home) : await localPlaces(home);
}

/**
 * In the plugin's container, as its root: nobody else may enter the folder of that socket, and from this host it cannot
 * be reached in another way.
 */
async function containerPlaces(home: Home): Promise<Place[]> {
  const { name } = await readEnvironment(home);
  const containers = [...(await listContainers(name)).values()].filter(({ state }) => state === "running");
  return containers.flatMap(({ id, service, startedMs }) => {
    const tool = toolOfService(service);
    const command = (action: string, ...args: readonly string[]): string[] => {
      return ["docker", "exec", "--interactive", "--user", "0", id, "sh", "-c", ENTER, "approvals", action, ...args];
    };
    return tool === undefined ? [] : [{ tool, name: `${id} ${startedMs}`, command }];
  });
}

// The image knows which tool it is for.
const ENTER = 'action=$1; shift; exec plugin-server approvals "$action" "/run/approvals/$PLUGIN_TOOL.sock" "$@"';

async function localPlaces(home: Home): Promise<Place[]> {
  return [...(await readRecords(home))].flatMap(([tool, record]) => {
    const path = approvalsPath(home, tool);
    const command = (action: string, ...args: readonly string[]): string[] => {
      return [home.server, "approvals", action, path, ...args];
    };
    return isRunning(record) && existsSync(path) ? [{ tool, name: `${record.pid} ${record.began}`, command }] : [];
  });
}
