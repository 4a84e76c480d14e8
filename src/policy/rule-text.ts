import { patternText, type Pattern } from "./pattern.ts";
import type { Match, OptionPattern, Rule } from "./rule.ts";

/** A rule as one line for people: `deny push with --force (force loses history)`. */
export function ruleText({ decision, match, reason }: Rule): string {
  const about = matchText(match);
  return `${decision} ${about === "" ? "everything" : about}${reason === undefined ? "" : ` (${reason})`}`;
}

/** The conditions of a rule as a part of a sentence. */
export function matchText(match: Match): string {
  const list = (patterns: readonly Pattern[]): string => patterns.map(patternText).join(" ");
  const parts = [
    match.commands?.map(({ words }) => words.map(patternText).join(" ")).join(", "),
    match.options && `with ${match.options.map(optionText).join(" or ")}`,
    match.arguments && `with an argument among ${list(match.arguments)}`,
    match.everyArgument && `with arguments among ${list(match.everyArgument)} only`,
    match.targets && `on ${list(match.targets)}`,
    match.everyTarget && `on ${list(match.everyTarget)} only`,
    match.folders && `in ${list(match.folders)}`,
    match.variables?.map(({ name, values }) => `with ${name}=${list(values)}`).join(" and "),
    match.not && `unless ${matchText(match.not)}`,
  ];
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}

/** An option as rules write it. */
export function optionText({ name, value }: OptionPattern): string {
  return value === undefined ? name : `${name}=${patternText(value)}`;
}
