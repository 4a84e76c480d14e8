import { closeSync, openSync, readSync } from "node:fs";
import { safeParse } from "valibot";

import { buildConfig } from "./build-config.ts";
import { ConfigError, type ConfigIssue } from "./config-error.ts";
import { startOf, type Config } from "./config.ts";
import { contentIssues } from "./content-issues.ts";
import { configSchema } from "./schema.ts";
import { readSource } from "./source.ts";

export { ConfigError, type ConfigIssue };

/**
 * The config in a YAML text; `file` is only a name, for places.
 * @throws {ConfigError} `config_invalid`, with everything that is wrong with the text at once
 */
export function parseConfig(text: string, file: string): Config {
  if (text.trim() === "") {
    throw new ConfigError([{ place: startOf(file), message: "The config is empty: expected at least plugin: NAME" }]);
  }
  const source = readSource(text, file);
  const checked = safeParse(configSchema, source.value, { abortPipeEarly: true });
  const issues = [...source.issues, ...contentIssues(source, file, checked.issues ?? [])];
  if (issues.length > 0 || !checked.success) {
    throw new ConfigError(issues.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column));
  }
  return buildConfig(checked.output, file, source.keyPlaces);
}

/**
 * The config in a file of at most 1 MiB of UTF-8.
 * @throws {ConfigError} `config_invalid`, also when the file cannot be read
 */
export function loadConfig(file: string): Config {
  return parseConfig(readConfigText(file), file);
}

/**
 * The text of such a file.
 * @throws {ConfigError} `config_invalid` when it cannot be read
 */
export function readConfigText(file: string): string {
  const refuse = (message: string, options?: ErrorOptions): ConfigError =>
    new ConfigError([{ place: startOf(file), message: `Cannot read the config: ${message}` }], options);
  let bytes: Uint8Array;
  try {
    bytes = readAtMost(file, MAX_BYTES + 1);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw refuse(READ_ERRORS[code] ?? code, { cause: error });
  }
  if (bytes.length > MAX_BYTES) {
    throw refuse("it is larger than 1 MiB");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw refuse("it is not UTF-8 text", { cause: error });
  }
}

const MAX_BYTES = 1024 * 1024;

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is not a folder",
};

/** Reads no further than the bound, so that /dev/zero is an error and not the end of the daemon. */
function readAtMost(file: string, maxBytes: number): Uint8Array {
  const descriptor = openSync(file, "r");
  try {
    const bytes = new Uint8Array(maxBytes);
    let length = 0;
    for (let count = -1; count !== 0 && length < maxBytes; length += count) {
      count = readSync(descriptor, bytes, length, maxBytes - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
