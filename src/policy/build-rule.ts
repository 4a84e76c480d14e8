import { posix } from "node:path";

import { patternOf } from "./pattern.ts";
import type { Place } from "./place.ts";
import type { RawConditions, RawRule } from "./rule-schema.ts";
import type { Match, OptionPattern, Rule } from "./rule.ts";

/** A rule of a config in the words of the program; `index` counts the config's own rules from 0. */
export function buildRule({ id, match, decision, reason, hint }: RawRule, index: number, place: Place): Rule {
  return {
    id: id ?? `rule-${index + 1}`,
    isShortForm: false,
    decision,
    match: { ...buildMatch(match, place), not: match.not === undefined ? undefined : buildMatch(match.not, place) },
    reason: reason === undefined ? undefined : withoutStop(reason),
    hint: hint === undefined ? undefined : withoutStop(hint),
    place,
  };
}

function buildMatch(raw: RawConditions, place: Place): Match {
  return {
    commands: raw.command?.map((command) => ({ words: command.split(" ").map(patternOf), place })),
    options: raw.options?.map(optionOf),
    arguments: raw.arguments,
    everyArgument: raw.every_argument,
    targets: raw.targets,
    everyTarget: raw.every_target,
    folders: raw.cwd?.map((folder) => patternOf(withoutTrailingSlash(folder))),
    variables: raw.env === undefined ? undefined : Object.entries(raw.env).map(([name, values]) => ({ name, values })),
  };
}

function optionOf(written: string): OptionPattern {
  const equals = written.indexOf("=");
  return equals < 0
    ? { name: written, value: undefined }
    : { name: written.slice(0, equals), value: patternOf(written.slice(equals + 1)) };
}

export function withoutTrailingSlash(folder: string): string {
  const normal = posix.normalize(folder);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** Messages put their own full stop. */
function withoutStop(line: string): string {
  return line.endsWith(".") ? line.slice(0, -1) : line;
}
