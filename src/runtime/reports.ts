import { escapeControl } from "../policy/printable.ts";
import { ruleText } from "../policy/rule-text.ts";
import type { CapabilitiesReport, HealthReport } from "../protocol/plugin-messages.ts";
import { VERSION } from "../protocol/version.ts";
import type { Host } from "./host.ts";

const sinceMs = Date.now();

/** How the plugin is, at this moment. */
export function health(host: Host): HealthReport {
  const { plugin, slots } = host;
  return {
    state: host.isStopping() ? "stopping" : "ready",
    tool: plugin.name,
    version: VERSION,
    pid: process.pid,
    sinceMs,
    sessions: slots.held,
    waiting: slots.waiting,
    carrier: host.carrier,
    problem: host.configProblem,
  };
}

/** What the plugin allows, so that a client can know before it asks. */
export function capabilities({ config, plugin, roots }: Host): CapabilitiesReport {
  const { rules, env, limits, stdio, background } = config;
  const facts: [string, string][] = [
    ["stdio", stdio],
    ["background", background],
    ["roots", roots.join(" ")],
    ["limits.sessions", String(limits.sessions)],
    ["env.pass", env.pass.join(" ")],
    ["enforcement", config.enforcement],
    ["default", config.defaultEffect],
    ["rules.blocked_commands", rules.blockedCommands.map(({ value }) => value).join(" ")],
  ];
  if (rules.allowedCommands !== undefined) {
    facts.push(["rules.allowed_commands", rules.allowedCommands.map(({ value }) => value).join(" ")]);
  }
  for (const [index, rule] of rules.ordered.entries()) {
    facts.push([`rule.${index + 1}`, escapeControl(`${rule.id}: ${ruleText(rule)}`)]);
  }
  return { tool: plugin.name, version: VERSION, facts };
}
