import { basename } from "node:path";

import { allowedAlternative } from "./alternative.ts";
import { Call } from "./call.ts";
import { canonicalArguments, optionWord } from "./canonical.ts";
import type { Config } from "./config.ts";
import { formatPlace } from "./config-error.ts";
import type { Decision, Denial } from "./decision.ts";
import { evaluate, type Invocation } from "./evaluate.ts";
import { clip, quote } from "./printable.ts";
import type { Grammar, Reading } from "./reading.ts";
import { shellWord } from "./shell-word.ts";
import { tableText } from "./table.ts";

/** What would be decided about a call, and why. */
export interface Explanation {
  readonly config: Config;
  readonly decision: Decision;
  readonly invocation: Invocation;
  readonly reading: Reading;
  /** The command as messages name it. */
  readonly command: string | undefined;
  /** Arguments that would be allowed instead. */
  readonly alternative: readonly string[] | undefined;
}

/** Decides about a call that is not made, and finds out what would pass instead of it. Pure and total. */
export function explainCall(
  config: Config,
  grammar: Grammar,
  invocation: Invocation,
  roots: readonly string[],
): Explanation {
  const decision = evaluate(config, grammar, invocation, roots);
  const call = new Call(grammar, invocation);
  const isWrongFolder = decision.rule === "roots";
  const alternative =
    decision.effect === "allow" || isWrongFolder ? undefined : allowedAlternative(config, grammar, invocation, roots);
  return { config, decision, invocation, reading: call.reading, command: call.command, alternative };
}

/** An explanation as agents read it: a denial's fields where it is one, and how the call was read. */
export interface ExplanationJson extends Partial<Omit<Denial, "code">> {
  readonly decision: Decision["effect"];
  readonly code: Denial["code"] | "allowed";
  readonly enforcement: Config["enforcement"];
  readonly message: string | null;
  /** The arguments in one spelling for all; null where a part of them is unclear. */
  readonly reads: readonly string[] | null;
  readonly unclear: readonly { readonly part: string; readonly argument: string; readonly why: string }[];
  /** Arguments that would be allowed instead; null when there are none or nobody looked. */
  readonly passes: readonly string[] | null;
}

export function explanationJson(explanation: Explanation): ExplanationJson {
  const { config, decision, reading, command, alternative } = explanation;
  const { rule, place } = decision;
  const known =
    decision.effect === "allow"
      ? {
          code: "allowed" as const,
          tool: config.plugin,
          command: command === undefined ? null : clip(command, 100),
          rule,
          place: place === undefined ? null : formatPlace({ ...place, file: basename(place.file) }),
        }
      : decision.denial;
  return {
    decision: decision.effect,
    ...known,
    enforcement: config.enforcement,
    message: decision.effect === "allow" ? null : decision.message,
    reads: shortened(canonicalArguments(reading)),
    unclear: unclearParts(reading),
    passes: shortened(alternative),
  };
}

/** An explanation as a table for people. `fullPlaces` says where the config is kept, which is nothing for an agent. */
export function explanationText(explanation: Explanation, fullPlaces: boolean): string {
  const { config, decision, reading, command, invocation, alternative } = explanation;
  const { effect, rule, place } = decision;
  const shown = place === undefined || fullPlaces ? place : { ...place, file: basename(place.file) };
  const audit = config.enforcement === "audit" && effect !== "allow" ? ", but enforcement: audit lets it run" : "";
  const rows = [
    ["decision", `${effect}${audit}`],
    ["rule", rule],
    ["line", shown === undefined ? "none: nothing in the config speaks about it" : formatPlace(shown)],
    ["reading", describeReading(reading, command)],
    ...restRows(reading),
    ["folder", clip(invocation.cwd, 200)],
    ...(decision.effect === "allow" ? [] : [["message", decision.message]]),
    ...(alternative === undefined ? [] : [["passes", commandLine(config.plugin, alternative)]]),
  ];
  return tableText(rows);
}

/** A call as a person types it, cut to 200 characters. */
export function commandLine(tool: string, args: readonly string[]): string {
  return clip([tool, ...args.map(shellWord)].join(" "), 200);
}

// An explanation has to fit into one message, whatever the caller asks about.
const MAX_WORDS = 32;
const MAX_WORD_CHARS = 200;

/** Words for JSON; null when there are none, or too many. */
export function shortened(words: readonly string[] | undefined): string[] | null {
  return words === undefined || words.length > MAX_WORDS ? null : words.map((word) => clip(word, MAX_WORD_CHARS));
}

function describeReading(reading: Reading, command = ""): string {
  if (reading.kind === "none") {
    return "there is no command";
  }
  return reading.kind === "command"
    ? `the command is ${quote(command)}`
    : `unclear at ${quote(reading.argument)}: ${clip(reading.why, 200)}`;
}

function restRows(reading: Reading): string[][] {
  const rest = reading.kind === "unclear" ? undefined : reading.rest;
  if (rest === undefined) {
    return [];
  }
  const rows = [
    ["options", rest.options.map((option) => shellWord(optionWord(option)))],
    ["arguments", rest.positionals.map(shellWord)],
    ["targets", rest.doubts?.targets === undefined ? (rest.targets ?? []).map(shellWord) : []],
  ] as const;
  const culprits = Map.groupBy(unclearParts(reading), ({ argument, why }) => `${quote(argument)}: ${why}`);
  return [
    ...rows.filter(([, words]) => words.length > 0).map(([name, words]) => [name, clip(words.join(" "), 200)]),
    ...Array.from(culprits, ([why, parts]) => ["unclear", `${parts.map(({ part }) => part).join(", ")} at ${why}`]),
  ];
}

function unclearParts(reading: Reading): ExplanationJson["unclear"] {
  if (reading.kind === "unclear") {
    return [{ part: "command", argument: clip(reading.argument, 100), why: clip(reading.why, 200) }];
  }
  return Object.entries(reading.rest?.doubts ?? {}).map(([part, { argument, why }]) => ({
    part,
    argument: clip(argument, 100),
    why: clip(why, 200),
  }));
}
