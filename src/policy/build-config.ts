import { buildBroker } from "./build-broker.ts";
import { buildRule, withoutTrailingSlash } from "./build-rule.ts";
import { startOf, type Config, type Listed, type Place } from "./config.ts";
import { expandRules } from "./expand-rules.ts";
import type { RawConfig } from "./schema.ts";

/** The config in the words of the program: camelCase, units in the names, a place for everything that can decide. */
export function buildConfig(raw: RawConfig, file: string, places: ReadonlyMap<string, Place>): Config {
  const listed = (values: readonly string[], path: string): Listed[] =>
    values.map((value, index) => ({ value, place: places.get(`${path}.${index}`) ?? startOf(file) }));
  const { limits, access } = raw;
  const { allowed_commands: allowed, allowed_branch_patterns: patterns } = raw.rules;
  const shortForms = {
    allowedCommands: allowed === undefined ? undefined : listed(allowed, "rules.allowed_commands"),
    blockedCommands: listed(raw.rules.blocked_commands, "rules.blocked_commands"),
    blockedBranches: listed(raw.rules.blocked_branches, "rules.blocked_branches"),
    allowedBranchPatterns: patterns === undefined ? undefined : listed(patterns, "rules.allowed_branch_patterns"),
  };
  const ownPath = places.has("rules.0") ? "rules" : "rules.ordered";
  const own = raw.rules.ordered.map((rule, index) =>
    buildRule(rule, index, places.get(`${ownPath}.${index}`) ?? startOf(file)),
  );
  return {
    plugin: raw.plugin,
    file,
    exec: raw.exec,
    rules: {
      ...shortForms,
      ordered: expandRules(own, shortForms, (id) => places.get(`rules.${id}`) ?? startOf(file)),
    },
    defaultEffect: raw.default,
    enforcement: raw.enforcement,
    grammar: raw.grammar,
    env: raw.env,
    roots: raw.roots?.map(withoutTrailingSlash),
    limits: {
      sessions: limits.sessions,
      queue: limits.queue,
      queueMs: limits.queue_wait ?? 0,
      approvalMs: limits.approval ?? 0,
      timeoutMs: limits.timeout,
      idleMs: limits.idle,
      graceMs: limits.grace ?? 0,
      connections: limits.connections,
      handshakeMs: limits.handshake ?? 0,
    },
    stdio: raw.stdio,
    background: raw.background ?? (opensEverything(raw) ? "keep" : "end"),
    ignoreScripts: raw.ignore_scripts,
    access: { uids: access.uids, mode: access.mode, gid: access.gid },
    cases: raw.cases.map(({ run, expect, rule, cwd, env }, index) => ({
      run,
      expect,
      rule,
      cwd,
      env,
      place: places.get(`cases.${index}`) ?? startOf(file),
    })),
    credentials: new Map(Object.entries(raw.credentials)),
    broker: buildBroker(raw.broker, file, places),
    places,
  };
}

/** Every folder, every variable, and no rule: then the plugin is to differ from the tool in nothing. */
function opensEverything({ roots, env, rules, default: effect }: RawConfig): boolean {
  const hasRules = rules.ordered.length > 0 || rules.blocked_commands.length > 0 || rules.blocked_branches.length > 0;
  const hasLists = rules.allowed_commands !== undefined || rules.allowed_branch_patterns !== undefined;
  return roots?.includes("/") === true && env.pass.includes("*") && !hasRules && !hasLists && effect === "allow";
}
