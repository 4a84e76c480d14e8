import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

import { evaluate } from "../policy/evaluate.ts";
import type { Config } from "../policy/config.ts";
import { ConfigError, loadConfig } from "../policy/load.ts";
import { clip } from "../policy/printable.ts";
import { shellWord } from "../policy/shell-word.ts";
import { tableText } from "../policy/table.ts";
import { grammarOf, type Plugin } from "../runtime/plugin.ts";
import { pluginFor, realPathOrSame, rootsOf, type PluginSet } from "./plugin-set.ts";
import { readRecord, type AuditRecord } from "./audit-record.ts";
import { jsonText, refusal, STATUS, type Report } from "./report.ts";

/** What `plugin-server test --from-audit` was asked. */
export interface Replay {
  readonly config: string;
  /** A log of the plugin: its lines of JSON; others are passed over. */
  readonly audit: string;
  readonly json: boolean;
}

/**
 * `plugin-server test --from-audit`: decides every recorded call anew and lists those that would be decided otherwise.
 * Status 1 when there are any. The environment of a call is not recorded: what depends on it is counted apart.
 */
export async function replay(set: PluginSet, { config: file, audit, json }: Replay): Promise<Report> {
  try {
    const config = loadConfig(file);
    const found = await replayAll(config, pluginFor(set, config), audit);
    const changes = [...found.changes.values()];
    const status = changes.length === 0 ? STATUS.ok : STATUS.no;
    const { calls, untold } = found;
    if (json) {
      return { status, stdout: jsonText({ file, audit, calls, untold, changes }), stderr: "" };
    }
    const rows = changes.map(({ was, is, count, args, cwd }) => [
      `${was.effect} (${was.rule})`,
      `→ ${is.effect} (${is.rule})`,
      `${count}×`,
      clip([config.plugin, ...args.map(shellWord)].join(" "), 100),
      `in ${clip(cwd, 60)}`,
    ]);
    const changed = changes.reduce((sum, { count }) => sum + count, 0);
    const rest = untold === 0 ? "" : `; ${untold} cannot be told: arguments cut short, or a rule about the environment`;
    return {
      status,
      stdout: `${tableText(rows)}${file}: ${changed} of ${calls} calls would change${rest}\n`,
      stderr: "",
    };
  } catch (error) {
    if (error instanceof ConfigError) {
      return refusal(file, error, json);
    }
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return {
      status: STATUS.no,
      stdout: "",
      stderr: `plugin-server: Cannot read the audit ${clip(audit, 200)}: ${code}\n`,
    };
  }
}

interface Verdict {
  readonly effect: string;
  readonly rule: string;
}

interface Change {
  readonly was: Verdict;
  readonly is: Verdict;
  count: number;
  readonly args: readonly string[];
  readonly cwd: string;
}

interface Found {
  calls: number;
  /** Calls about which nothing can be said. */
  untold: number;
  readonly changes: Map<string, Change>;
}

async function replayAll(config: Config, plugin: Plugin, audit: string): Promise<Found> {
  const roots = await Promise.all(rootsOf(config).map(realPathOrSame));
  const folders = new Map<string, string>();
  const found: Found = { calls: 0, untold: 0, changes: new Map() };
  for await (const line of createInterface({ input: createReadStream(audit), crlfDelay: Number.POSITIVE_INFINITY })) {
    const record = readRecord(line, config.plugin);
    if (record === undefined) {
      continue;
    }
    found.calls++;
    const { args, cwd, effect, rule } = record;
    const folder = folders.get(cwd) ?? (await realPathOrSame(cwd));
    folders.set(cwd, folder);
    const is = args === undefined ? undefined : decideAnew(config, plugin, { ...record, args, cwd: folder }, roots);
    if (args === undefined || is === undefined) {
      found.untold++;
    } else if (is.effect !== effect) {
      const key = JSON.stringify([args, cwd, effect, rule, is.rule]);
      const change = found.changes.get(key) ?? { was: { effect, rule }, is, count: 0, args, cwd };
      change.count++;
      found.changes.set(key, change);
    }
  }
  return found;
}

/** Undefined when it depends on the environment, which nobody has recorded. */
function decideAnew(
  config: Config,
  plugin: Plugin,
  { args, cwd }: AuditRecord & { readonly args: readonly string[] },
  roots: readonly string[],
): Verdict | undefined {
  const grammar = grammarOf(plugin, config);
  const { effect, rule } = evaluate(config, grammar, { args, cwd }, roots);
  const told = evaluate(config, grammar, { args, cwd, env: config.env.set }, roots);
  return effect === told.effect && rule === told.rule ? { effect, rule } : undefined;
}
