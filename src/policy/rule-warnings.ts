import type { ConfigIssue } from "./config-error.ts";
import type { Config } from "./config.ts";
import { coversMatch, type SameOption } from "./covers.ts";
import { patternText } from "./pattern.ts";
import { quote } from "./printable.ts";
import type { Grammar } from "./reading.ts";
import type { Match, Rule } from "./rule.ts";

/** Rules that never decide, or change nothing, for another or the default decides before or like them. */
export function ruleWarnings(config: Config, grammar: Grammar): ConfigIssue[] {
  const { plugin, rules } = config;
  const warnings: ConfigIssue[] = [];
  for (const [index, rule] of rules.ordered.entries()) {
    warnings.push(...shadowed(rule, rules.ordered.slice(0, index), grammar));
    if (rule.match.not !== undefined && !rule.isShortForm) {
      const { not, ...others } = rule.match;
      if (coversMatch(not, others, sameFor(grammar, rule.match))) {
        const message = `The rule ${quote(rule.id)} never decides: its "not" takes back all that it matches`;
        warnings.push({ place: rule.place, message });
      }
    }
    if (/_branch(es|_patterns)$/.test(rule.id) && rule.isShortForm && !tellsBranches(grammar)) {
      const message = `${rule.id} means nothing here: the grammar of ${plugin} does not tell which branches a push changes`;
      warnings.push({ place: rule.place, message });
    }
  }
  return [...warnings, ...needless(config)];
}

/** Behind a rule that takes all that it matches, or all of one of its commands. */
function shadowed(rule: Rule, before: readonly Rule[], grammar: Grammar): ConfigIssue[] {
  const same = sameFor(grammar, rule.match);
  const earlier = before.find((other) => other.id !== rule.id && coversMatch(other.match, rule.match, same));
  if (earlier !== undefined) {
    const message = `The rule ${quote(rule.id)} never decides: ${named(earlier)} takes all that it matches`;
    return [{ place: rule.place, message }];
  }
  return (rule.match.commands ?? []).flatMap((command) => {
    const narrow = { ...rule.match, commands: [command] };
    // Of the two lists of commands and their order there are words elsewhere.
    const others = before.filter(({ isShortForm }) => !(isShortForm && rule.isShortForm));
    const by = others.find((other) => coversMatch(other.match, narrow, same));
    const written = command.words.map(patternText).join(" ");
    const message = `The rule ${quote(rule.id)} never decides about ${quote(written)}: ${by && named(by)} takes that`;
    return by === undefined ? [] : [{ place: command.place, message }];
  });
}

function named({ id, place }: Rule): string {
  return `${quote(id)} on line ${place.line}`;
}

function needless({ rules, defaultEffect, places }: Config): ConfigIssue[] {
  const warnings: ConfigIssue[] = [];
  const [only, ...others] = rules.ordered;
  const isAlone = only !== undefined && others.length === 0 && !only.isShortForm && only.reason === undefined;
  if (isAlone && only.decision === defaultEffect) {
    const message = `The rule ${quote(only.id)} changes nothing: ${defaultEffect} is the default`;
    warnings.push({ place: only.place, message });
  }
  const all = rules.ordered.find(({ match, isShortForm }) => !isShortForm && coversMatch(match, {}, (name) => name));
  const place = places.get("default");
  if (all !== undefined && place !== undefined) {
    warnings.push({ place, message: `default never decides: ${named(all)} takes everything` });
  }
  return warnings;
}

function tellsBranches(grammar: Grammar): boolean {
  const reading = grammar(["push", "remote", "branch"]);
  return reading.kind === "command" && reading.rest?.targets !== undefined;
}

/** `-f` and `--force` are one option where the grammar says so of the rule's own command. */
function sameFor(grammar: Grammar, { commands = [] }: Match): SameOption {
  const path = commands[0]?.words.map(({ text }) => text) ?? [];
  return (name) => {
    for (const words of [[name], [name, "x"]]) {
      const reading = grammar([...path, ...words]);
      const rest = reading.kind === "unclear" ? undefined : reading.rest;
      const known = rest?.options.find(({ names }) => names.includes(name));
      if (known !== undefined) {
        return known.names[0] ?? name;
      }
    }
    return name;
  };
}
