import type { Reading, Rest } from "../../src/policy/reading.ts";
import { readCommandLine } from "./command-line.ts";
import { readNpmArguments } from "./grammar.ts";

/**
 * A whole call of npm: its command by its full name, and its options by theirs, however they are spelt. Behind an option
 * about which releases differ nothing is certain but the command.
 */
export function readNpmInvocation(args: readonly string[]): Reading {
  const reading = readNpmArguments(args);
  if (reading.kind === "unclear") {
    return reading;
  }
  const { words, options, flags, doubt } = readCommandLine(args);
  const rest: Rest = { options, positionals: reading.kind === "none" || flags.has("versions") ? [] : words.slice(1) };
  if (doubt !== undefined) {
    const culprit = { argument: doubt, why: "what npm takes behind this option is not certain" };
    return { ...reading, rest: { ...rest, doubts: { options: culprit, arguments: culprit, targets: culprit } } };
  }
  if (reading.kind === "command" && reading.command === "help" && flags.has("usage")) {
    // It counts as the command that npm runs instead.
    return {
      ...reading,
      rest: { options: options.filter(({ names }) => !names.includes("--usage")), positionals: words },
    };
  }
  if (reading.kind === "command" && WITH_SUBCOMMANDS.has(reading.command)) {
    return { ...reading, rest: { options, subcommand: words.slice(1, 2), positionals: words.slice(2) } };
  }
  return { ...reading, rest };
}

/** Commands whose next argument says what they do. */
const WITH_SUBCOMMANDS: ReadonlySet<string> = new Set([
  "access",
  "audit",
  "cache",
  "config",
  "dist-tag",
  "doctor",
  "hook",
  "org",
  "owner",
  "pkg",
  "profile",
  "stage",
  "team",
  "token",
  "trust",
]);
