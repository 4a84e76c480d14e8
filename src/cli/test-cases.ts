import { runCases, type CaseResult } from "../policy/cases.ts";
import { formatPlace } from "../policy/config-error.ts";
import type { Config } from "../policy/config.ts";
import { ConfigError, loadConfig, type ConfigIssue } from "../policy/load.ts";
import { clip } from "../policy/printable.ts";
import { shellWord } from "../policy/shell-word.ts";
import { tableText } from "../policy/table.ts";
import { grammarOf } from "../runtime/plugin.ts";
import { listConfigFiles, type ConfigFile } from "./config-files.ts";
import { pluginFor, rootsOf, type PluginSet } from "./plugin-set.ts";
import { issueJson, issueLine, jsonText, linesText, STATUS, type Report } from "./report.ts";

/** `plugin-server test`: runs the cases that configs carry. Status 1 when one fails or a config cannot be used. */
export async function testCases(set: PluginSet, paths: readonly string[], json: boolean): Promise<Report> {
  const tested = await Promise.all((await listConfigFiles(paths)).map((file) => testFile(set, file)));
  const ok = tested.every((file) => file.error === undefined && file.results.every(({ passed }) => passed));
  const status = ok ? STATUS.ok : STATUS.no;
  if (json) {
    return { status, stdout: jsonText({ ok, configs: tested.map(fileJson) }), stderr: "" };
  }
  return {
    status,
    stdout: tested.map(fileText).join(""),
    stderr: linesText(tested.flatMap(({ error }) => (error === undefined ? [] : [error.message]))),
  };
}

interface Tested {
  readonly file: string;
  readonly config: Config | undefined;
  readonly error: ConfigError | undefined;
  readonly results: readonly CaseResult[];
}

async function testFile(set: PluginSet, { path: file, refused }: ConfigFile): Promise<Tested> {
  try {
    if (refused !== undefined) {
      throw refused;
    }
    const config = loadConfig(file);
    const results = runCases(config, grammarOf(pluginFor(set, config), config), rootsOf(config));
    return { file, config, error: undefined, results };
  } catch (error) {
    if (error instanceof ConfigError) {
      return { file, config: undefined, error, results: [] };
    }
    throw error;
  }
}

function fileText({ file, config, results }: Tested): string {
  if (config === undefined) {
    return "";
  }
  if (results.length === 0) {
    return `${file}: there are no cases; add some under the key cases\n`;
  }
  const failed = results.filter(({ passed }) => !passed);
  const rows = results.map(({ case: { run, place }, decision, passed }) => [
    passed ? "ok" : "FAIL",
    formatPlace(place),
    `${decision.effect} (${decision.rule})`,
    clip([config.plugin, ...run.map(shellWord)].join(" "), 100),
  ]);
  const summary = `${results.length - failed.length} of ${results.length} cases passed`;
  return `${tableText(rows)}${linesText(failed.map((result) => issueLine(caseIssue(config, result))))}${file}: ${summary}\n`;
}

/** What a failed case expected and what it got instead, at its place. */
export function caseIssue(
  { plugin }: Config,
  { case: { run, expect, rule, place }, decision, cwd, unseen }: CaseResult,
): ConfigIssue {
  const expected = rule === undefined ? expect : `${expect} (${rule})`;
  const hint = run[0] === plugin ? `; leave the tool's name out of run` : "";
  const lost = unseen.length === 0 ? "" : `; env.pass does not list ${clip(unseen.join(", "), 80)}`;
  const message = `expected ${expected}, got ${decision.effect} (${decision.rule}) in ${clip(cwd, 80)}${hint}${lost}`;
  return { place, message };
}

function fileJson({ file, error, results }: Tested): object {
  return {
    file,
    ok: error === undefined && results.every(({ passed }) => passed),
    errors: (error?.issues ?? []).map(issueJson),
    cases: results.map(({ case: testCase, cwd, decision, passed }) => ({
      ok: passed,
      line: testCase.place.line,
      run: testCase.run,
      cwd,
      expected: { effect: testCase.expect, rule: testCase.rule ?? null },
      got: { effect: decision.effect, rule: decision.rule },
    })),
  };
}
