import type { Call, Unclear } from "./call.ts";
import { opposite } from "./option-table.ts";
import { matchPattern, type Pattern } from "./pattern.ts";
import type { Part, Rest } from "./reading.ts";
import type { CommandPattern, Match, OptionPattern, VariablePattern } from "./rule.ts";

/** Whether conditions hold, or what it is that they ask about and that cannot be told. */
export type Answer = boolean | Unclear;

/**
 * Whether a call meets all conditions. One that it does not meet makes the answer no, whatever else is unclear: a rule
 * depends on an unclear part only if the clear ones leave it open.
 */
export function meets(match: Match, call: Call): Answer {
  let unclear: Unclear | undefined;
  for (const condition of CONDITIONS) {
    const answer = condition(match, call);
    if (answer === false) {
      return false;
    }
    if (answer !== true) {
      unclear ??= answer;
    }
  }
  return unclear ?? true;
}

type Condition = (match: Match, call: Call) => Answer;

/** The cheap ones and those that most rules have come first. */
const CONDITIONS: readonly Condition[] = [
  ({ commands }, call) => commands === undefined || some(commands, (pattern) => isCommand(pattern, call)),
  ({ folders }, call) => folders === undefined || isInFolder(folders, call),
  ({ variables }, call) => variables === undefined || hasVariables(variables, call),
  ({ options }, call) => options === undefined || withRest("options", call, (rest) => isGiven(options, rest)),
  ({ arguments: patterns }, call) =>
    patterns === undefined || withRest("arguments", call, (rest) => hasSome(patterns, rest.positionals)),
  ({ everyArgument }, call) =>
    everyArgument === undefined || withRest("arguments", call, (rest) => hasOnly(everyArgument, rest.positionals)),
  ({ targets }, call) => targets === undefined || withTargets(call, (found) => hasSome(targets, found)),
  ({ everyTarget }, call) => everyTarget === undefined || withTargets(call, (found) => hasOnly(everyTarget, found)),
  ({ not }, call) => not === undefined || negate(meets(not, call)),
];

function isCommand({ words }: CommandPattern, { reading }: Call): Answer {
  if (reading.kind === "unclear") {
    return { part: "command", argument: reading.argument, why: reading.why };
  }
  const [first, ...others] = words;
  if (reading.kind === "none" || first === undefined) {
    return false;
  }
  if (!matchPattern(first, reading.command)) {
    const doubt = reading.rest?.doubts?.command;
    return doubt === undefined ? false : { part: "command", ...doubt };
  }
  if (others.length === 0) {
    return true;
  }
  const found = reading.rest?.subcommand;
  if (found === undefined) {
    const doubt = reading.rest?.doubts?.arguments;
    return { part: "command", argument: reading.command, why: "its subcommand cannot be read", ...doubt };
  }
  return others.every((word, index) => found[index] !== undefined && matchPattern(word, found[index]));
}

function isInFolder(folders: readonly Pattern[], call: Call): Answer {
  const { reading, invocation } = call;
  const rest = reading.kind === "unclear" ? undefined : reading.rest;
  const doubt = rest?.doubts?.folder;
  if (doubt !== undefined) {
    return { part: "folder", ...doubt };
  }
  return folders.some((folder) =>
    folder.kind === "exact" ? isInside(invocation.cwd, folder.text) : matchPattern(folder, invocation.cwd),
  );
}

/** Whether a folder is `root` or below it; both are real paths. */
export function isInside(folder: string, root: string): boolean {
  return folder === root || folder.startsWith(root.endsWith("/") ? root : `${root}/`);
}

function hasVariables(variables: readonly VariablePattern[], { invocation }: Call): Answer {
  const { env } = invocation;
  if (env === undefined) {
    return { part: "environment", argument: variables[0]?.name ?? "", why: "the environment of the call is not known" };
  }
  return variables.every(
    ({ name, values }) => Object.hasOwn(env, name) && values.some((value) => matchPattern(value, env[name] ?? "")),
  );
}

/** An option that is both given and taken back is neither: which of the two counts is the tool's affair. */
function isGiven(options: readonly OptionPattern[], rest: Rest): Answer {
  return some(options, ({ name, value }) => {
    const contrary = opposite(name);
    const given = rest.options.filter(({ names }) => names.includes(name) || names.includes(contrary));
    const wanted = given.filter((option) => isWanted(option, option.isNegated === true ? contrary : name, value));
    if (wanted.length === 0) {
      return false;
    }
    if (wanted.length === given.length) {
      return true;
    }
    return { part: "options", argument: name, why: "this option is given in two ways that contradict each other" };
  });
}

/** `name` is that of the opposite where the option is taken back: `--no-edit` is `--edit` taken back. */
function isWanted({ names, value: given }: Rest["options"][number], name: string, value: Pattern | undefined): boolean {
  return names.includes(name) && (value === undefined || matchPattern(value, given ?? ""));
}

function withTargets(call: Call, ask: (targets: readonly string[]) => Answer): Answer {
  return withRest("targets", call, ({ targets }) =>
    targets === undefined ? unknownPart(call, "targets") : ask(targets),
  );
}

/** Asks about a part of the arguments, where that part could be read. */
function withRest(part: Part, call: Call, ask: (rest: Rest) => Answer): Answer {
  const { reading } = call;
  if (reading.kind === "unclear") {
    return { part: "command", argument: reading.argument, why: reading.why };
  }
  const { rest } = reading;
  if (rest === undefined) {
    return unknownPart(call, part);
  }
  const doubt = rest.doubts?.[part];
  return doubt === undefined ? ask(rest) : { part, ...doubt };
}

function unknownPart(call: Call, part: Part): Unclear {
  return { part, argument: call.command ?? "", why: "the plugin's grammar does not read them here" };
}

function hasSome(patterns: readonly Pattern[], words: readonly string[]): boolean {
  return words.some((word) => patterns.some((pattern) => matchPattern(pattern, word)));
}

function hasOnly(patterns: readonly Pattern[], words: readonly string[]): boolean {
  return words.length > 0 && words.every((word) => patterns.some((pattern) => matchPattern(pattern, word)));
}

/** True if one is, else unclear if one is, else false. */
function some<Item>(items: readonly Item[], ask: (item: Item) => Answer): Answer {
  let unclear: Unclear | undefined;
  for (const item of items) {
    const answer = ask(item);
    if (answer === true) {
      return true;
    }
    if (answer !== false) {
      unclear ??= answer;
    }
  }
  return unclear ?? false;
}

function negate(answer: Answer): Answer {
  return typeof answer === "boolean" ? !answer : answer;
}
