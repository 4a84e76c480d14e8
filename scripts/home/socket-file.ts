import { existsSync } from "node:fs";
import { lstat, rm } from "node:fs/promises";

import { socketPath, type Home } from "./home.ts";

/**
 * Takes away the socket of a plugin that was stopped for good: as long as the file is there, a call waits for the next
 * daemon. Whoever upgrades a plugin leaves it.
 */
export async function removeSocket(home: Home, tool: string): Promise<void> {
  const path = socketPath(home, tool);
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true) {
    await rm(path, { force: true });
  }
}

export function hasSocket(home: Home, tool: string): boolean {
  return existsSync(socketPath(home, tool));
}
