import { statSync } from "node:fs";

import type { Config } from "../policy/config.ts";
import { isSecret, secretPath } from "./secret-path.ts";

/** A file that a config refers to, and that is not there. */
export interface MissingFile {
  /** Where the config names it: `credentials.github.com.file`. */
  readonly key: string;
  /** `secrets/github_token is not there` */
  readonly message: string;
  /** Its name in the folder of secrets; undefined when it is elsewhere. */
  readonly secret: string | undefined;
}

/**
 * The files of secrets and certificates that are not there. They are looked for and never opened. `folder` is what
 * /run/secrets stands for.
 */
export function missingFiles({ credentials, broker }: Config, folder?: string): MissingFile[] {
  const files = [
    ...[...credentials].map(([host, { source }]) => [
      `credentials.${host}.file`,
      source.kind === "file" ? source.path : undefined,
    ]),
    ...[...broker.hosts].map(([host, { caFile }]) => [`broker.hosts.${host}.ca_file`, caFile]),
  ] as const;
  return files.flatMap(([key = "", path]) => {
    if (path === undefined || !isMissing(secretPath(path, folder))) {
      return [];
    }
    const secret = isSecret(path) ? path.slice(path.lastIndexOf("/") + 1) : undefined;
    return [{ key, message: `${secret === undefined ? path : `secrets/${secret}`} is not there`, secret }];
  });
}

/** One that may not be looked for is there as far as we know: whoever reads it says more. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
