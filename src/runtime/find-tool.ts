import { realpathSync } from "node:fs";
import { basename, delimiter } from "node:path";

/**
 * The program that a plugin runs: `exec` of its config, or else the first of that name in `path`. The client itself,
 * which goes by the same name in the agent's PATH, is passed over, for it would only ask the plugin again.
 */
export function findTool(name: string, exec: string | undefined, path: string): string | undefined {
  if (exec !== undefined) {
    return exec;
  }
  for (const folder of path.split(delimiter)) {
    const found = Bun.which(name, { PATH: folder });
    if (found !== null && basename(realpathSync(found)) !== "plugin-client") {
      return found;
    }
  }
  return undefined;
}
