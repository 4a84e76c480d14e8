import { join } from "node:path";

const FOLDER = "/run/secrets/";

/**
 * Where a file of secrets is. In containers the home's folder `secrets/` is mounted as /run/secrets; a broker without a
 * container is told in PLUGIN_SECRETS where that folder is, so that one config serves both.
 */
export function secretPath(path: string): string {
  const folder = process.env["PLUGIN_SECRETS"] ?? "";
  return folder !== "" && path.startsWith(FOLDER) ? join(folder, path.slice(FOLDER.length)) : path;
}
