import { readOptions } from "../../src/policy/read-options.ts";
import type { Doubt, Part, Reading, Rest } from "../../src/policy/reading.ts";
import { commandOptions } from "./command-options.ts";
import { readBeginning } from "./grammar.ts";
import { isKnownCommand } from "./known-commands.ts";
import { readPush } from "./push.ts";
import { SUBCOMMANDS } from "./subcommands.ts";

/**
 * A whole call of git: its command, and as far as that command's options are known, they and the arguments, however
 * they are spelt. A push has the branches as targets that it would change at the remote.
 */
export function readGitInvocation(args: readonly string[]): Reading {
  const { reading, behind, folder, remotes } = readBeginning(args);
  if (reading.kind === "unclear") {
    return reading;
  }
  if (reading.kind === "none") {
    return { ...reading, rest: withDoubts({ options: [], positionals: [] }, { folder }) };
  }
  const command = SYNONYMS.get(reading.command) ?? reading.command;
  const rest = readBehind(command, behind);
  const whole = command === "push" ? readPush(rest) : command === "branch" ? withForced(rest) : rest;
  const known = withDoubts(whole, { folder, options: remotes, targets: remotes });
  return { kind: "command", command, rest: isKnownCommand(command) ? known : maybeAlias(command, whole) };
}

/**
 * What an alias stands for only the repository knows, and a decision that depended on it would be the agent's: it may
 * be any command, with options of its own, and in another folder.
 */
function maybeAlias(command: string, rest: Rest): Rest {
  const doubt = { argument: command, why: "git has no such command itself; write out what an alias is for" };
  const doubts = { command: doubt, options: doubt, arguments: doubt, targets: doubt, folder: doubt };
  return { ...rest, doubts, remark: doubt.why };
}

function readBehind(command: string, words: readonly string[]): Rest {
  const known = SUBCOMMANDS.get(command);
  if (known === undefined) {
    return readWords(command, words);
  }
  const { implied, names } = known;
  const [first] = words;
  // An unknown word behind `stash` is an error of git's, and to call it a subcommand does no harm.
  if (names !== undefined && (first === undefined || (command === "stash" ? isOption(first) : !names.has(first)))) {
    return readImplied(command, implied, words);
  }
  const before: Rest =
    first === undefined || isOption(first) ? readWords(command, words, true) : { options: [], positionals: words };
  const [subcommand, ...behind] = before.positionals;
  if (before.doubts !== undefined) {
    return before;
  }
  if (subcommand === undefined) {
    return implied === undefined ? { ...before, subcommand: [] } : { ...before, subcommand: [implied] };
  }
  const name = `${command} ${subcommand}`;
  const behindIt = readWords(name, behind);
  const rest = { ...behindIt, subcommand: [subcommand], options: [...before.options, ...behindIt.options] };
  const [option] = before.options;
  return option === undefined || commandOptions(name) !== undefined
    ? rest
    : withDoubts(rest, unknownOptions(name, option.names[0] ?? ""));
}

function readImplied(command: string, implied: string | undefined, words: readonly string[]): Rest {
  return implied === undefined
    ? readWords(command, words)
    : { ...readWords(`${command} ${implied}`, words), subcommand: [implied] };
}

function isOption(word: string): boolean {
  return word.startsWith("-");
}

/** Second names of commands in git.c. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ["stage", "add"],
  ["init-db", "init"],
  ["fsck-objects", "fsck"],
]);

/** Words behind a command whose options are not known are arguments, if none of them looks like an option. */
function readWords(command: string, words: readonly string[], endsAtPositional = false): Rest {
  const table = commandOptions(command);
  if (table !== undefined) {
    return readOptions(words, endsAtPositional ? { ...table, endsAtPositional } : table);
  }
  const dashed = words.find((word) => word.startsWith("-"));
  const rest = { options: [], positionals: words.filter((word) => !word.startsWith("-")) };
  if (dashed === undefined) {
    return rest;
  }
  return withDoubts(rest, unknownOptions(command, dashed));
}

function unknownOptions(command: string, argument: string): NonNullable<Rest["doubts"]> {
  const doubt = { argument, why: `the options of git ${command} are not known here` };
  return { options: doubt, arguments: doubt, targets: doubt };
}

/** `git branch -D` is `git branch --delete --force`, and -M and -C likewise: either spelling has all three options. */
function withForced(rest: Rest): Rest {
  const options = [...rest.options];
  const has = (name: string): boolean => options.some(({ names }) => names.includes(name));
  const isForced = has("--force") || FORCED.some(([short]) => has(short));
  for (const [short, long] of FORCED) {
    if (has(short) || (has(long) && isForced)) {
      const all = [{ names: [short] }, { names: [long, short.toLowerCase()] }, { names: ["--force", "-f"] }];
      options.push(...all.filter(({ names: [name = ""] }) => !has(name)));
    }
  }
  return { ...rest, options };
}

const FORCED = [
  ["-D", "--delete"],
  ["-M", "--move"],
  ["-C", "--copy"],
] as const;

/** Doubts that are there already are the more exact ones. */
function withDoubts(rest: Rest, doubts: Readonly<Partial<Record<Part, Doubt | undefined>>>): Rest {
  const found = Object.entries(doubts).filter(
    ([part, doubt]) => doubt !== undefined && rest.doubts?.[part as Part] === undefined,
  );
  return found.length === 0 ? rest : { ...rest, doubts: { ...rest.doubts, ...Object.fromEntries(found) } };
}
