import { resolve } from "node:path";

import { formatPlace } from "../policy/config-error.ts";
import type { Config } from "../policy/config.ts";
import { seenEnvironment } from "../policy/environment.ts";
import { explainCall, explanationJson, explanationText } from "../policy/explanation.ts";
import { ConfigError, loadConfig } from "../policy/load.ts";
import { clip, quote } from "../policy/printable.ts";
import { ruleText } from "../policy/rule-text.ts";
import { tableText } from "../policy/table.ts";
import { grammarOf, type PreviewedCall } from "../runtime/plugin.ts";
import { pluginFor, realPathOrSame, rootsOf, type PluginSet } from "./plugin-set.ts";
import { issueJson, jsonText, linesText, refusal, STATUS, type Report } from "./report.ts";

/** What `plugin-server explain` was asked. */
export interface Question {
  readonly file: string;
  readonly args: readonly string[];
  /** Folder of the imagined call; undefined: the first root. */
  readonly cwd: string | undefined;
  /** What the imagined caller's environment holds. */
  readonly env: readonly (readonly [name: string, value: string])[];
  /** All rules in their order, instead of what they say about a call. */
  readonly rules: boolean;
  readonly json: boolean;
}

/** `plugin-server explain`: what would be decided, and by which line. Status 0 whatever the decision is. */
export async function explain(set: PluginSet, { file, args, cwd, env, rules, json }: Question): Promise<Report> {
  try {
    const config = loadConfig(file);
    if (rules) {
      return { status: STATUS.ok, stdout: json ? jsonText(rulesJson(config)) : rulesText(config), stderr: "" };
    }
    const plugin = pluginFor(set, config);
    const roots = await Promise.all(rootsOf(config).map(realPathOrSame));
    const folder = cwd === undefined ? (roots[0] ?? "/") : await realPathOrSame(resolve(cwd));
    const { env: seen, unseen } = seenEnvironment(config, env);
    const invocation = { args, cwd: folder, env: seen };
    const explanation = explainCall(config, grammarOf(plugin, config), invocation, roots);
    const { command } = explanation;
    const alias = command === undefined ? undefined : await plugin.aliasOf?.(command, runnerIn(config, folder));
    if (!json) {
      const isGuessed = explanation.decision.rule === "roots" && config.roots === undefined;
      const lines = [
        ...(isGuessed ? [`The config names no roots: set PLUGIN_WORKSPACE to the project's folder`] : []),
        ...unseen.map((name) => `${clip(name, 100)} does not reach the tool, nor a rule: env.pass does not list it`),
        ...(alias === undefined
          ? []
          : [`${quote(command ?? "")} is an alias here, of ${quote(alias, 200)}; explain that`]),
      ];
      return { status: STATUS.ok, stdout: `${explanationText(explanation, true)}${linesText(lines)}`, stderr: "" };
    }
    const { effect, rule, place } = explanation.decision;
    const { message, passes, code } = explanationJson(explanation);
    const answer = {
      effect,
      code,
      rule,
      place: place === undefined ? null : placeJson(place),
      message,
      passes,
      alias: alias ?? null,
      reading: explanation.reading,
      plugin: config.plugin,
      args,
      cwd: folder,
      env: seen,
      roots,
    };
    return { status: STATUS.ok, stdout: jsonText(answer), stderr: "" };
  } catch (error) {
    if (error instanceof ConfigError) {
      return refusal(file, error, json);
    }
    throw error;
  }
}

/** Long enough for a person, and for any tool that answers from a file. */
const LIMIT_MS = 2000;

/** Runs the tool in a folder, as whoever explains. */
function runnerIn({ plugin, exec }: Config, cwd: string): PreviewedCall["run"] {
  return async (args) => {
    try {
      const child = Bun.spawn([exec ?? plugin, ...args], {
        cwd,
        stdio: ["ignore", "pipe", "ignore"],
        timeout: LIMIT_MS,
      });
      const [text, status] = await Promise.all([child.stdout.text(), child.exited]);
      return status === 0 ? text : undefined;
    } catch {
      return undefined;
    }
  };
}

function rulesText({ rules, defaultEffect, enforcement, places, file }: Config): string {
  const lines = rules.ordered.map((rule) => [rule.id, formatPlace(rule.place), ruleText(rule)]);
  const place = places.get("default");
  const last = ["default", place === undefined ? file : formatPlace(place), `${defaultEffect} everything else`];
  return `${tableText([...lines, last])}enforcement: ${enforcement}\n`;
}

function rulesJson({ rules, defaultEffect, enforcement }: Config): object {
  return {
    enforcement,
    default: defaultEffect,
    rules: rules.ordered.map(({ id, decision, match, reason, hint, place }) => ({
      id,
      decision,
      match,
      reason: reason ?? null,
      hint: hint ?? null,
      place: placeJson(place),
    })),
  };
}

function placeJson(place: Config["rules"]["ordered"][number]["place"]): object {
  const { file, line, column } = issueJson({ place, message: "" });
  return { file, line, column };
}
