import { constants } from "node:fs";
import { access } from "node:fs/promises";

import { runCases } from "../policy/cases.ts";
import { startOf, type Config } from "../policy/config.ts";
import { ConfigError, loadConfig, type ConfigIssue } from "../policy/load.ts";
import { quote } from "../policy/printable.ts";
import { configWarnings } from "../policy/warnings.ts";
import { grammarOf } from "../runtime/plugin.ts";
import { listConfigFiles, type ConfigFile } from "./config-files.ts";
import { missingSecrets } from "./missing-secrets.ts";
import { pluginFor, rootsOf, type PluginSet } from "./plugin-set.ts";
import { issueJson, issueLine, jsonText, linesText, STATUS, warningLine, type Report } from "./report.ts";
import { caseIssue } from "./test-cases.ts";

/**
 * `plugin-server check`: whether configs can be used, and of a folder also whether their cases pass. Status 1 when not;
 * warnings leave it 0.
 */
export async function check(set: PluginSet, paths: readonly string[], json: boolean): Promise<Report> {
  const checked = await Promise.all((await listConfigFiles(paths)).map((file) => checkFile(set, file)));
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
export async function allWarnings(set: PluginSet, config: Config): Promise<ConfigIssue[]> {
  const plugin = pluginFor(set, config);
  const warnings = configWarnings(config, grammarOf(plugin, config), plugin.commands);
  if (config.grammar !== undefined && plugin.takesGrammar !== true) {
    const place = config.places.get("grammar") ?? startOf(config.file);
    warnings.push({ place, message: `grammar is not used: the plugin of ${config.plugin} reads its arguments itself` });
  }
  if (config.exec !== undefined) {
    try {
      await access(config.exec, constants.X_OK);
    } catch {
      const place = config.places.get("exec") ?? startOf(config.file);
      warnings.push({ place, message: `exec names ${quote(config.exec)}, which is not an executable file here` });
    }
  }
  warnings.push(...missingSecrets(config));
  return warnings.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

interface Checked {
  readonly file: string;
  readonly plugin: string | undefined;
  readonly errors: readonly ConfigIssue[];
  readonly warnings: readonly ConfigIssue[];
  readonly refused: string | undefined;
}

async function checkFile(set: PluginSet, { path: file, isFromFolder, refused: unread }: ConfigFile): Promise<Checked> {
  try {
    if (unread !== undefined) {
      throw unread;
    }
    const config = loadConfig(file);
    const warnings = await allWarnings(set, config);
    const results = isFromFolder ? runCases(config, grammarOf(pluginFor(set, config), config), rootsOf(config)) : [];
    const failures = results.filter(({ passed }) => !passed);
    const errors = failures.map((result) => caseIssue(config, result));
    const refused = errors.length === 0 ? undefined : errors.map(issueLine).join("\n");
    return { file, plugin: config.plugin, errors, warnings, refused };
  } catch (error) {
    if (error instanceof ConfigError) {
      return { file, plugin: undefined, errors: error.issues, warnings: [], refused: error.message };
    }
    throw error;
  }
}
