import type { ConfigIssue } from "./config-error.ts";
import { SHORT_FORM_IDS } from "./expand-rules.ts";
import { didYouMean } from "./nearest.ts";
import { quote } from "./printable.ts";
import { RULE_ID } from "./rule-schema.ts";
import type { Source } from "./source.ts";

/** Rules that a config can have without giving them a name itself. */
export const RULE_NAMES: readonly string[] = ["roots", "unclear", ...SHORT_FORM_IDS, "default"];

/** Names of rules that are taken, there twice, or, in a case, not there at all. */
export function ruleNameIssues({ value, valuePlaces, keyPlaces }: Source): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const names = new Set(RULE_NAMES);
  const { path, rules } = ownRules(value);
  for (const [index, rule] of rules.entries()) {
    const { id } = asMap(rule);
    const place = valuePlaces.get(`${path}.${index}.id`) ?? keyPlaces.get(`${path}.${index}`);
    const name = id === undefined ? `rule-${index + 1}` : id;
    if (typeof name !== "string" || place === undefined) {
      continue;
    }
    if (names.has(name)) {
      const why = RULE_NAMES.includes(name) ? "which is the name of a rule of every config" : "as an earlier rule has";
      issues.push({ place, message: `A rule cannot have the id ${quote(name)}, ${why}; take another` });
    }
    names.add(name);
  }
  const { cases } = asMap(value);
  for (const [index, testCase] of (Array.isArray(cases) ? cases : []).entries()) {
    const { rule } = asMap(testCase);
    const place = valuePlaces.get(`cases.${index}.rule`);
    if (typeof rule === "string" && RULE_ID.test(rule) && place !== undefined && !names.has(rule)) {
      const known = [...names].slice(0, MAX_LISTED).join(", ");
      const message = `A case names the rule ${quote(rule)}, which this config does not have${didYouMean(rule, [...names])}`;
      issues.push({ place, message: message.endsWith("?") ? message : `${message}; there are ${known}` });
    }
  }
  return issues;
}

const MAX_LISTED = 20;

function ownRules(config: unknown): { readonly path: string; readonly rules: readonly unknown[] } {
  const { rules } = asMap(config);
  if (Array.isArray(rules)) {
    return { path: "rules", rules };
  }
  const { ordered } = asMap(rules);
  return { path: "rules.ordered", rules: Array.isArray(ordered) ? ordered : [] };
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
