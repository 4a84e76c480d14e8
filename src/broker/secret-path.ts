import { join } from "node:path";

const FOLDER = "/run/secrets/";

/**
 * Where a file of secrets is. In containers the home's folder `secrets/` is mounted as /run/secrets; a broker without a
 * container is told in PLUGIN_SECRETS where that folder is, so that one config serves both.
 */
export function secretPath(path: string, folder: string = process.env["PLUGIN_SECRETS"] ?? ""): string {
  return folder !== "" && isSecret(path) ? join(folder, path.slice(FOLDER.length)) : path;
}

/** Whether a path of a config is in the folder of secrets. */
export function isSecret(path: string): boolean {
  return path.startsWith(FOLDER);
}
