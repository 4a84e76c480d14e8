import type { ConfigIssue } from "./config-error.ts";
import type { Config } from "./config.ts";
import { covers } from "./pattern.ts";
import { quote } from "./printable.ts";
import type { Grammar } from "./reading.ts";
import { optionText } from "./rule-text.ts";
import type { CommandPattern, Match, OptionPattern, Rule } from "./rule.ts";

/** Rules of the config's own that can never match, as far as that can be told without running them. */
export function ruleWarnings({ plugin, rules, defaultEffect }: Config, grammar: Grammar): ConfigIssue[] {
  const warnings: ConfigIssue[] = [];
  for (const [index, rule] of rules.ordered.entries()) {
    const earlier = rules.ordered
      .slice(0, index)
      .find((other) => other.id !== rule.id && coversMatch(other.match, rule.match));
    if (earlier !== undefined) {
      const message = `The rule ${quote(rule.id)} never decides: ${quote(earlier.id)} on line ${earlier.place.line} takes all that it matches`;
      warnings.push({ place: rule.place, message });
    }
    if (
      rule.match.not !== undefined &&
      coversMatch(rule.match.not, { ...rule.match, not: undefined }) &&
      !rule.isShortForm
    ) {
      const message = `The rule ${quote(rule.id)} never decides: its "not" takes back all that it matches`;
      warnings.push({ place: rule.place, message });
    }
    if (/_branch(es|_patterns)$/.test(rule.id) && rule.isShortForm && !tellsBranches(grammar)) {
      const message = `${rule.id} means nothing here: the grammar of ${plugin} does not tell which branches a push changes`;
      warnings.push({ place: rule.place, message });
    }
    if (!rule.isShortForm) {
      warnings.push(...unreadable(rule, grammar).map((message) => ({ place: rule.place, message })));
    }
  }
  const last = rules.ordered.at(-1);
  const isNoChange = last !== undefined && !last.isShortForm && last.decision === defaultEffect;
  if (isNoChange && rules.ordered.length === 1 && last.reason === undefined) {
    const message = `The rule ${quote(last.id)} changes nothing: ${defaultEffect} is the default`;
    warnings.push({ place: last.place, message });
  }
  return warnings;
}

function tellsBranches(grammar: Grammar): boolean {
  const reading = grammar(["push", "remote", "branch"]);
  return reading.kind === "command" && reading.rest?.targets !== undefined;
}

/** Whether a call that meets `narrow` certainly meets `wide`. */
function coversMatch(wide: Match, narrow: Match): boolean {
  if (wide.not !== undefined) {
    return JSON.stringify(wide) === JSON.stringify(narrow);
  }
  return (
    isCovered(wide.commands, narrow.commands, coversCommand) &&
    isCovered(wide.options, narrow.options, coversOption) &&
    isCovered(wide.arguments, narrow.arguments, covers) &&
    isCovered(wide.everyArgument, narrow.everyArgument, covers) &&
    isCovered(wide.targets, narrow.targets, covers) &&
    isCovered(wide.everyTarget, narrow.everyTarget, covers) &&
    isCovered(wide.folders, narrow.folders, covers) &&
    (wide.variables === undefined || JSON.stringify(wide.variables) === JSON.stringify(narrow.variables))
  );
}

function isCovered<Item>(
  wide: readonly Item[] | undefined,
  narrow: readonly Item[] | undefined,
  coversItem: (wide: Item, narrow: Item) => boolean,
): boolean {
  return wide === undefined || narrow?.every((item) => wide.some((candidate) => coversItem(candidate, item))) === true;
}

function coversCommand(wide: CommandPattern, narrow: CommandPattern): boolean {
  return wide.words.every((word, index) => {
    const other = narrow.words[index];
    return other !== undefined && covers(word, other);
  });
}

function coversOption(wide: OptionPattern, narrow: OptionPattern): boolean {
  return (
    wide.name === narrow.name &&
    (wide.value === undefined || (narrow.value !== undefined && covers(wide.value, narrow.value)))
  );
}

/** Commands and options that the grammar never reads as the rule writes them. */
function unreadable({ id, match }: Rule, grammar: Grammar): string[] {
  const problems: string[] = [];
  for (const { words } of match.commands ?? []) {
    const [first] = words;
    if (first?.kind !== "exact") {
      continue;
    }
    const reading = grammar([first.text]);
    if (reading.kind !== "command" || reading.command !== first.text) {
      const hint = reading.kind === "command" ? `; write ${quote(reading.command)}` : "";
      problems.push(`The rule ${quote(id)} has the command ${quote(first.text)}, which is never read as one${hint}`);
      continue;
    }
    const path = words.every(({ kind }) => kind === "exact") ? words.map(({ text }) => text) : [first.text];
    for (const option of [...(match.options ?? []), ...(match.not?.options ?? [])]) {
      if (!isRead(grammar, path, option)) {
        const written = quote(optionText(option));
        problems.push(
          `The rule ${quote(id)} has the option ${written}, which ${quote(path.join(" "))} is not known to have: such calls are refused as unclear`,
        );
      }
    }
  }
  return problems;
}

function isRead(grammar: Grammar, path: readonly string[], { name }: OptionPattern): boolean {
  return [[name], [name, "x"]].some((words) => {
    const reading = grammar([...path, ...words]);
    return (
      reading.kind === "command" &&
      reading.rest?.options.some(({ names, isNegated }) => names.includes(name) && isNegated !== true) === true
    );
  });
}
