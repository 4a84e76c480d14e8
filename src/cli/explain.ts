import { resolve } from "node:path";

import { formatPlace } from "../policy/config-error.ts";
import { evaluate } from "../policy/evaluate.ts";
import { ConfigError, loadConfig } from "../policy/load.ts";
import { clip, quote } from "../policy/printable.ts";
import type { Reading } from "../runtime/plugin.ts";
import { pluginFor, realPathOrSame, rootsOf, type PluginSet } from "./plugin-set.ts";
import { issueJson, jsonText, refusal, STATUS, tableText, type Report } from "./report.ts";

/** What `plugin-server explain` was asked. */
export interface Question {
  readonly file: string;
  readonly args: readonly string[];
  /** Folder of the imagined call; undefined: the first root. */
  readonly cwd: string | undefined;
  readonly json: boolean;
}

/** `plugin-server explain`: what would be decided, and by which line. Status 0 whatever the decision is. */
export async function explain(set: PluginSet, { file, args, cwd, json }: Question): Promise<Report> {
  try {
    const config = loadConfig(file);
    const plugin = pluginFor(set, config);
    const roots = await Promise.all(rootsOf(config).map(realPathOrSame));
    const folder = cwd === undefined ? (roots[0] ?? "/") : await realPathOrSame(resolve(cwd));
    const reading = plugin.grammar(args);
    const decision = evaluate(config, plugin.grammar, { args, cwd: folder }, roots);
    const { effect, rule, place } = decision;
    const message = decision.effect === "deny" ? decision.message : undefined;
    if (json) {
      const { file: where, line, column } = issueJson({ place: place ?? { file, line: 0, column: 0 }, message: "" });
      const answer = {
        effect,
        rule,
        place: place === undefined ? null : { file: where, line, column },
        message: message ?? null,
        reading,
        plugin: config.plugin,
        args,
        cwd: folder,
        roots,
      };
      return { status: STATUS.ok, stdout: jsonText(answer), stderr: "" };
    }
    const rows = [
      ["decision", effect],
      ["rule", rule],
      ["line", place === undefined ? "none: nothing in the config speaks about it" : formatPlace(place)],
      ["reading", describeReading(reading)],
      ["folder", clip(folder, 200)],
      ...(message === undefined ? [] : [["message", message]]),
    ];
    return { status: STATUS.ok, stdout: tableText(rows), stderr: "" };
  } catch (error) {
    if (error instanceof ConfigError) {
      return refusal(file, error, json);
    }
    throw error;
  }
}

function describeReading(reading: Reading): string {
  if (reading.kind === "none") {
    return "there is no command";
  }
  return reading.kind === "command"
    ? `the command is ${quote(reading.command)}`
    : `unclear at ${quote(reading.argument)}: ${clip(reading.why, 200)}`;
}
