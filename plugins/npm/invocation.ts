import type { Reading, Rest } from "../../src/policy/reading.ts";
import { readCommandLine } from "./command-line.ts";
import { readNpmArguments } from "./grammar.ts";
import { readSubcommand } from "./subcommands.ts";
import { packageTargets } from "./targets.ts";

/**
 * A whole call of npm: its command by its full name, and its options by theirs, however they are spelt. Behind an option
 * about which releases differ nothing is certain but the command. The packages that it names are its targets.
 */
export function readNpmInvocation(args: readonly string[]): Reading {
  const reading = readNpmArguments(args);
  if (reading.kind === "unclear") {
    return reading;
  }
  const { words, options, flags, doubt, unread } = readCommandLine(args);
  const read: Rest = { options, positionals: reading.kind === "none" || flags.has("versions") ? [] : words.slice(1) };
  if (doubt !== undefined) {
    const culprit = { argument: doubt, why: "what npm takes behind this option is not certain" };
    return { ...reading, rest: { ...read, doubts: { options: culprit, arguments: culprit, targets: culprit } } };
  }
  const last =
    unread === undefined ? undefined : { argument: unread, why: "releases of npm read this option differently" };
  const rest: Rest = last === undefined ? read : { ...read, doubts: { options: last } };
  if (reading.kind === "command" && reading.command === "help" && flags.has("usage")) {
    // It counts as the command that npm runs instead.
    return {
      ...reading,
      rest: { ...rest, options: options.filter(({ names }) => !names.includes("--usage")), positionals: words },
    };
  }
  if (reading.kind === "none") {
    return { ...reading, rest };
  }
  const found = readSubcommand(reading.command, rest.positionals);
  const [subcommand] = found?.subcommand ?? [];
  const whole = found === undefined ? rest : { ...rest, ...found };
  const targets = packageTargets({ ...whole, command: reading.command, subcommand });
  return { ...reading, rest: targets === undefined ? whole : { ...whole, targets } };
}
