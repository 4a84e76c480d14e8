import type { ConfigIssue } from "./config-error.ts";
import type { Config } from "./config.ts";
import { seenEnvironment } from "./environment.ts";
import { didYouMean } from "./nearest.ts";
import { matchPattern, patternText } from "./pattern.ts";
import { quote } from "./printable.ts";
import type { Grammar, Rest } from "./reading.ts";
import { optionText } from "./rule-text.ts";
import type { CommandPattern, Match, OptionPattern, Rule } from "./rule.ts";

/**
 * Rules of the config's own with a condition that can never hold, or never be told, as far as that is known without
 * running them. `commands` are all of the tool; undefined: not known.
 */
export function unmatchedWarnings(config: Config, grammar: Grammar, commands?: readonly string[]): ConfigIssue[] {
  return ownRules(config).flatMap((rule) =>
    [
      ...(rule.match.commands ?? []).flatMap((command) => unreadCommand(config, command, grammar, commands) ?? []),
      ...unreadParts(config, rule, grammar),
      ...unseenVariables(config, rule.match),
    ].map((what) => ({ place: rule.place, message: `The rule ${quote(rule.id)} ${what}` })),
  );
}

function ownRules({ rules }: Config): readonly Rule[] {
  return rules.ordered.filter(({ isShortForm }) => !isShortForm);
}

function unreadCommand(
  { plugin }: Config,
  { words }: CommandPattern,
  grammar: Grammar,
  commands: readonly string[] | undefined,
): string | undefined {
  const [first] = words;
  if (first === undefined || first.kind !== "exact") {
    const isKnown = first === undefined || commands?.some((command) => matchPattern(first, command)) !== false;
    return isKnown ? undefined : `has the command ${quote(patternText(first))}, and ${plugin} has no such command`;
  }
  const reading = grammar([first.text]);
  if (reading.kind !== "command" || reading.command !== first.text) {
    const hint = reading.kind === "command" ? `; write ${quote(reading.command)}` : "";
    return `has the command ${quote(first.text)}, which is never read as one${hint}`;
  }
  return commands?.includes(first.text) === false
    ? `has the command ${quote(first.text)}, which is no command of ${plugin}${didYouMean(first.text, commands)}`
    : undefined;
}

/** What the grammar does not read makes a call unclear: refused, or, to a rule that allows, not this one. */
function unreadParts({ plugin }: Config, { match, decision }: Rule, grammar: Grammar): string[] {
  const then = decision === "allow" ? "it never decides" : "such calls are refused as unclear";
  const paths = (match.commands ?? []).map(pathOf).filter((path) => path !== undefined);
  const problems = new Set<string>();
  for (const path of match.commands === undefined ? [["x"]] : paths) {
    const rest = restOf(grammar, [...path, "x", "y"]);
    for (const part of partsOf(match).filter((asked) => rest?.[asked] === undefined)) {
      const name = part === "positionals" ? "arguments" : part;
      // Without a command it may be about one that has them.
      if (rest === undefined || match.commands !== undefined) {
        problems.add(`asks about ${name}, which the plugin of ${plugin} does not read${ofPath(match, path)}: ${then}`);
      }
    }
    const options = match.commands === undefined || rest === undefined ? [] : optionsOf(match);
    for (const option of options.filter((candidate) => !isRead(grammar, path, candidate))) {
      const written = `${quote(optionText(option))}, which ${quote(path.join(" "))} is not known to have`;
      problems.add(`has the option ${written}: ${then}`);
    }
  }
  return [...problems];
}

function ofPath({ commands }: Match, path: readonly string[]): string {
  return commands === undefined ? "" : ` of ${quote(path.join(" "))}`;
}

function pathOf({ words }: CommandPattern): string[] | undefined {
  const [first] = words;
  if (first?.kind !== "exact") {
    return undefined;
  }
  return words.every(({ kind }) => kind === "exact") ? words.map(({ text }) => text) : [first.text];
}

function partsOf(match: Match): ("options" | "positionals" | "targets")[] {
  const { options, not = {} } = match;
  return [
    ...((options ?? not.options) ? (["options"] as const) : []),
    ...((match.arguments ?? match.everyArgument ?? not.arguments ?? not.everyArgument)
      ? (["positionals"] as const)
      : []),
    ...((match.targets ?? match.everyTarget ?? not.targets ?? not.everyTarget) ? (["targets"] as const) : []),
  ];
}

function optionsOf({ options = [], not }: Match): OptionPattern[] {
  return [...options, ...(not?.options ?? [])];
}

function restOf(grammar: Grammar, args: readonly string[]): Rest | undefined {
  const reading = grammar(args);
  return reading.kind === "unclear" ? undefined : reading.rest;
}

function isRead(grammar: Grammar, path: readonly string[], { name }: OptionPattern): boolean {
  return [[name], [name, "x"]].some((words) => {
    const rest = restOf(grammar, [...path, ...words]);
    return rest?.options.some(({ names, isNegated }) => names.includes(name) && isNegated !== true) === true;
  });
}

function unseenVariables(config: Config, { variables = [] }: Match): string[] {
  return variables.flatMap(({ name, values }) => {
    const { env, unseen } = seenEnvironment(config, [[name, ""]]);
    if (unseen.includes(name)) {
      return [`never matches: env.pass does not list ${name}, so the tool never gets it`];
    }
    const isSet = Object.hasOwn(config.env.set, name);
    return isSet && !values.some((value) => matchPattern(value, env[name] ?? ""))
      ? [`never matches: env.set always makes ${name} ${quote(env[name] ?? "", 60)}`]
      : [];
  });
}
