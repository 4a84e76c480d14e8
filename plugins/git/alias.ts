import type { PreviewedCall } from "../../src/runtime/plugin.ts";
import { isKnownCommand } from "./known-commands.ts";

/**
 * What an alias stands for in a folder, as the user's and the repository's configuration have it there; undefined when
 * git is not there or knows none. It is the agent's to set, so that nothing may be decided by it.
 */
export async function aliasOf(command: string, run: PreviewedCall["run"]): Promise<string | undefined> {
  if (isKnownCommand(command) || !/^[\w.-]+$/.test(command)) {
    return undefined;
  }
  return (await run(["config", "--get", `alias.${command}`]))?.trim();
}
