import { basename } from "node:path";

import type { Config, Place } from "./config.ts";
import type { Decision } from "./decision.ts";
import { clip, quote } from "./printable.ts";
import type { Reading } from "./reading.ts";

/** Why an invocation is denied; one form per rule that can deny. */
export type Denial = { readonly place: Place | undefined } & (
  | { readonly rule: "roots"; readonly cwd: string; readonly roots: readonly string[] }
  | { readonly rule: "unclear"; readonly reading: Extract<Reading, { kind: "unclear" }> }
  | { readonly rule: "blocked_commands"; readonly command: string | undefined }
  | { readonly rule: "allowed_commands"; readonly command: string | undefined }
);

/**
 * The decision to deny, with its message: one line of at most 300 characters, in which everything that the caller
 * chose is shortened and escaped. It tells a coding agent that trying again is of no use, for it would.
 */
export function denial(config: Config, why: Denial): Decision {
  const message = clip(`${sentenceOf(config, why)} A retry will be refused too; ${ADVICE[why.rule]}.`, MAX_CHARS);
  return { effect: "deny", rule: why.rule, place: why.place, message };
}

const MAX_CHARS = 300;

const ADVICE: Readonly<Record<Denial["rule"], string>> = {
  roots: "run it in an allowed folder or ask the operator to add this one",
  unclear: "leave this out or ask the operator to change the rule",
  blocked_commands: "ask the operator to change the rule",
  allowed_commands: "ask the operator to change the rule",
};

function sentenceOf({ plugin, file }: Config, why: Denial): string {
  // The file is named by its base: where configs are kept is nothing the caller needs.
  const where = clip(why.place === undefined ? basename(file) : `${basename(why.place.file)}:${why.place.line}`, 40);
  if (why.rule === "roots") {
    return `${plugin} is denied in ${quote(why.cwd, 50)}: this folder is outside ${listRoots(why.roots)} (roots, ${where}).`;
  }
  if (why.rule === "unclear") {
    return `${plugin} ${word(why.reading.argument)} is denied: cannot tell the command, ${clip(why.reading.why, 70)} (${where}).`;
  }
  const call = why.command === undefined ? `${plugin} without a command` : `${plugin} ${word(why.command)}`;
  return `${call} is denied by rules.${why.rule} (${where}).`;
}

function word(argument: string): string {
  return /^[\w.@:=/+-]+$/.test(argument) ? clip(argument, 40) : quote(argument, 40);
}

function listRoots(roots: readonly string[]): string {
  const shown = roots.slice(0, 2).map((root) => quote(root, 30));
  return roots.length > 2 ? `${shown.join(", ")} and ${roots.length - 2} more` : shown.join(" and ") || "every root";
}
