import type { Reading } from "../../src/runtime/plugin.ts";

/**
 * The command in the arguments of a program about whose options nothing is known: the first argument, when it is not
 * an option. Behind an option that comes first it cannot be told, since that option may or may not take a value
 * (`npm --tag latest publish`).
 */
export function readToolArguments(args: readonly string[]): Reading {
  const [first] = args;
  if (first === undefined) {
    return { kind: "none" };
  }
  if (!first.startsWith("-")) {
    return { kind: "command", command: first };
  }
  if (first === "--" ? args.length === 1 : args.every((argument) => argument.startsWith("-"))) {
    return { kind: "none" };
  }
  return { kind: "unclear", argument: first, why: "it is not known whether this option takes a value" };
}
