import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";

import { startOf } from "../policy/config.ts";
import { isInside } from "../policy/match.ts";
import { ConfigError } from "../policy/load.ts";
import { quote } from "../policy/printable.ts";

/** A config that was named, or found in a folder that was. */
export interface ConfigFile {
  readonly path: string;
  readonly isFromFolder: boolean;
  /** Why it is not even read. */
  readonly refused: ConfigError | undefined;
}

/**
 * The configs that a command line means: files as they are, and of each folder its `*.yaml`, by name. A link out of its
 * folder is refused there: what a person sees in the folder is not what would be read.
 */
export async function listConfigFiles(paths: readonly string[]): Promise<ConfigFile[]> {
  return (await Promise.all(paths.map(expand))).flat();
}

async function expand(path: string): Promise<ConfigFile[]> {
  const file = { path, isFromFolder: false, refused: undefined };
  if (!(await isFolder(path))) {
    return [file];
  }
  const names = (await readdir(path)).filter((name) => name.endsWith(".yaml")).toSorted();
  if (names.length === 0) {
    return [
      { ...file, refused: refuse(path, "Cannot find a config here: the folder has no file with the ending .yaml") },
    ];
  }
  const folder = await realpath(path);
  return await Promise.all(names.map((name) => inFolder(join(path, name), folder)));
}

async function inFolder(path: string, folder: string): Promise<ConfigFile> {
  // A link that leads nowhere is left to the one who reads it, and says so.
  const real = await realpath(path).catch(() => path);
  const isOutside = real !== path && !isInside(real, folder);
  const message = `Cannot take ${quote(real)}, to which this links: it is outside of the folder; put the file itself here`;
  return { path, isFromFolder: true, refused: isOutside ? refuse(path, message) : undefined };
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function refuse(path: string, message: string): ConfigError {
  return new ConfigError([{ place: startOf(path), message }]);
}
