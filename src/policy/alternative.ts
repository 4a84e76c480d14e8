import type { Config } from "./config.ts";
import { evaluate, type Invocation } from "./evaluate.ts";
import type { Grammar, Reading } from "./reading.ts";

/**
 * The arguments that would be allowed in place of these: without one option, without one and the word behind it, without
 * the `+` of a word, or without one argument, the later ones first. Undefined when there are none, or when what is left
 * would be another command.
 */
export function allowedAlternative(
  config: Config,
  grammar: Grammar,
  invocation: Invocation,
  roots: readonly string[],
): string[] | undefined {
  const { args } = invocation;
  if (args.length > MAX_ARGUMENTS || args.reduce((sum, { length }) => sum + length, 0) > MAX_CHARS) {
    return undefined;
  }
  const asked = grammar(args);
  return variants(args).find((fewer) => {
    const reading = grammar(fewer);
    const isSame = asked.kind === "unclear" || (asked.kind === "command" && isCommand(reading, asked.command));
    return (
      isSame &&
      reading.kind === "command" &&
      evaluate(config, grammar, { ...invocation, args: fewer }, roots).effect === "allow"
    );
  });
}

// Each argument costs up to three decisions, and each character of it a look from every pattern: a caller must not
// keep the plugin from others by asking.
const MAX_ARGUMENTS = 32;
const MAX_CHARS = 4096;

function variants(args: readonly string[]): string[][] {
  const places = args.map((argument, index) => ({ argument, index }));
  const dashed = places.filter(({ argument }) => argument.startsWith("-"));
  const plus = places.filter(({ argument }) => argument.startsWith("+"));
  const plain = places.filter(({ argument }) => !argument.startsWith("-")).toReversed();
  return [
    ...dashed.map(({ index }) => args.toSpliced(index, 1)),
    ...dashed.map(({ index }) => args.toSpliced(index, 2)),
    ...plus.map(({ argument, index }) => args.with(index, argument.slice(1))),
    ...plain.map(({ index }) => args.toSpliced(index, 1)),
  ];
}

function isCommand(reading: Reading, command: string): boolean {
  return reading.kind === "command" && reading.command === command;
}
