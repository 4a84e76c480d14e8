import { constants } from "node:fs";
import { access } from "node:fs/promises";

import { startOf, type Config } from "../policy/config.ts";
import { ConfigError, loadConfig, type ConfigIssue } from "../policy/load.ts";
import { quote } from "../policy/printable.ts";
import { configWarnings } from "../policy/warnings.ts";
import type { Plugin } from "../runtime/plugin.ts";
import { pluginFor, type PluginSet } from "./plugin-set.ts";
import { issueJson, jsonText, linesText, STATUS, warningLine, type Report } from "./report.ts";

/** `plugin-server check`: whether configs can be used. Status 1 when one cannot; warnings leave it 0. */
export async function check(set: PluginSet, files: readonly string[], json: boolean): Promise<Report> {
  const checked = await Promise.all(files.map((file) => checkFile(set, file)));
  const ok = checked.every(({ errors }) => errors.length === 0);
  const status = ok ? STATUS.ok : STATUS.no;
  if (json) {
    const configs = checked.map(({ file, plugin, errors, warnings }) => ({
      file,
      ok: errors.length === 0,
      plugin: plugin ?? null,
      errors: errors.map(issueJson),
      warnings: warnings.map(issueJson),
    }));
    return { status, stdout: jsonText({ ok, configs }), stderr: "" };
  }
  const good = checked.filter(({ errors }) => errors.length === 0).map(({ file, plugin }) => `${file}: ok (${plugin})`);
  const trouble = checked.flatMap(({ warnings, refused }) => [
    ...warnings.map(warningLine),
    ...(refused === undefined ? [] : [refused]),
  ]);
  return { status, stdout: linesText(good), stderr: linesText(trouble) };
}

/** {@link configWarnings}, and what only a look at this machine's disk can tell. */
export async function allWarnings(config: Config, { grammar, commands }: Plugin): Promise<ConfigIssue[]> {
  const warnings = configWarnings(config, grammar, commands);
  if (config.exec !== undefined) {
    try {
      await access(config.exec, constants.X_OK);
    } catch {
      const place = config.places.get("exec") ?? startOf(config.file);
      warnings.push({ place, message: `exec names ${quote(config.exec)}, which is not an executable file here` });
    }
  }
  return warnings.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

interface Checked {
  readonly file: string;
  readonly plugin: string | undefined;
  readonly errors: readonly ConfigIssue[];
  readonly warnings: readonly ConfigIssue[];
  readonly refused: string | undefined;
}

async function checkFile(set: PluginSet, file: string): Promise<Checked> {
  try {
    const config = loadConfig(file);
    const warnings = await allWarnings(config, pluginFor(set, config));
    return { file, plugin: config.plugin, errors: [], warnings, refused: undefined };
  } catch (error) {
    if (error instanceof ConfigError) {
      return { file, plugin: undefined, errors: error.issues, warnings: [], refused: error.message };
    }
    throw error;
  }
}
