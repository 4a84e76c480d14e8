import { isKnownCommand } from "./known-commands.ts";

const LIMIT_MS = 2000;

/**
 * What an alias stands for in a folder, as the user's and the repository's configuration have it there; undefined when
 * git is not there or knows none. It is the agent's to set, so that nothing may be decided by it.
 */
export async function aliasOf(command: string, cwd: string): Promise<string | undefined> {
  if (isKnownCommand(command) || !/^[\w.-]+$/.test(command)) {
    return undefined;
  }
  try {
    const child = Bun.spawn(["git", "config", "--get", `alias.${command}`], {
      cwd,
      stdio: ["ignore", "pipe", "ignore"],
      timeout: LIMIT_MS,
    });
    const [text, status] = await Promise.all([child.stdout.text(), child.exited]);
    return status === 0 ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}
