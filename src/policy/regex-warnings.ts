import type { ConfigIssue } from "./config-error.ts";
import type { Config } from "./config.ts";
import { patternText, type Pattern } from "./pattern.ts";
import { quote } from "./printable.ts";
import type { Match } from "./rule.ts";

/** Patterns that look like regular expressions, which no config has: nothing in one can take long to compare. */
export function regexWarnings({ rules }: Config): ConfigIssue[] {
  return rules.ordered.flatMap(({ id, match, place }) =>
    [...patternsOf(match), ...patternsOf(match.not ?? {})].filter(looksLikeRegex).map((pattern) => ({
      place,
      message: `The rule ${quote(id)} has ${quote(patternText(pattern))}, which looks like a regular expression: * stands for any characters, ? for one, and all else for itself`,
    })),
  );
}

function patternsOf(match: Match): Pattern[] {
  return [
    ...(match.commands ?? []).flatMap(({ words }) => words),
    ...(match.options ?? []).flatMap(({ value }) => value ?? []),
    ...(match.arguments ?? []),
    ...(match.everyArgument ?? []),
    ...(match.targets ?? []),
    ...(match.everyTarget ?? []),
    ...(match.variables ?? []).flatMap(({ values }) => values),
  ];
}

/** Written as a plain word: whoever writes `{exact: …}` means it. */
function looksLikeRegex({ kind, text }: Pattern): boolean {
  return kind !== "prefix" && SIGNS.test(text);
}

// An anchor, an escape, alternatives, a repeated set. A lone `.*` or `[x]` is in names of files too.
const SIGNS = /^\^.|.\$$|\\[.dDwWsSbB/]|\([^)]*\|[^)]*\)|\.\+|\.\*.*\.\*|\[[^\]]+\][*+{]/;
