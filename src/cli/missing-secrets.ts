import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { missingFiles } from "../broker/missing-files.ts";
import type { ConfigIssue } from "../policy/config-error.ts";
import { startOf, type Config } from "../policy/config.ts";

/** One warning for each file of a secret that a config names and that is not there, with what brings it. */
export function missingSecrets(config: Config): ConfigIssue[] {
  const folder = secretsOf(config.file);
  return missingFiles(config, folder).flatMap(({ key, message, secret }) => {
    if (secret !== undefined && folder === undefined) {
      return [];
    }
    const next = secret === undefined ? "" : `: scripts/run.sh secret set ${secret}`;
    return [{ place: config.places.get(key) ?? startOf(config.file), message: `${message}${next}` }];
  });
}

/** What /run/secrets stands for where a config is checked: on the host, the folder beside that of the configs. */
function secretsOf(file: string): string | undefined {
  const told = process.env["PLUGIN_SECRETS"];
  const beside = resolve(dirname(file), "../secrets");
  return [told, "/run/secrets", beside].find((folder) => folder !== undefined && folder !== "" && existsSync(folder));
}
