import { isInside } from "./match.ts";
import { matchGlob } from "./glob.ts";
import { matchPattern, type Pattern } from "./pattern.ts";
import type { CommandPattern, Match, OptionPattern, VariablePattern } from "./rule.ts";

/** Says of the name of an option, as it is written for a command, which one it is: two names of one option are the same. */
export type SameOption = (name: string) => string;

/** Whether a call that meets `narrow` certainly meets `wide`; false where that is not easily told. */
export function coversMatch(wide: Match, narrow: Match, same: SameOption): boolean {
  if (wide.not !== undefined) {
    return JSON.stringify(wide) === JSON.stringify(narrow);
  }
  return (
    isCovered(wide.commands, narrow.commands, coversCommand) &&
    isCovered(wide.options, narrow.options, (one, other) => coversOption(one, other, same)) &&
    // Where each of several is one of these, one of them is.
    (isCovered(wide.arguments, narrow.arguments, covers) || isCovered(wide.arguments, narrow.everyArgument, covers)) &&
    isCovered(wide.everyArgument, narrow.everyArgument, covers) &&
    (isCovered(wide.targets, narrow.targets, covers) || isCovered(wide.targets, narrow.everyTarget, covers)) &&
    isCovered(wide.everyTarget, narrow.everyTarget, covers) &&
    isCovered(wide.folders, narrow.folders, coversFolder) &&
    coversVariables(wide.variables, narrow.variables)
  );
}

/** Whether everything that `narrow` matches is matched by `wide` too; false where that is not easily told. */
export function covers(wide: Pattern, narrow: Pattern): boolean {
  if (wide.kind === narrow.kind && wide.text === narrow.text) {
    return true;
  }
  if (narrow.kind === "exact") {
    return matchPattern(wide, narrow.text);
  }
  // A `?` could be taken for what stands for several characters, or for none.
  const isTold = wide.kind === "prefix" || (wide.kind === "glob" && !wide.text.includes("?"));
  return isTold && matchPattern(wide, sampleOf(narrow));
}

function isCovered<Item>(
  wide: readonly Item[] | undefined,
  narrow: readonly Item[] | undefined,
  coversItem: (wide: Item, narrow: Item) => boolean,
): boolean {
  return wide === undefined || narrow?.every((item) => wide.some((candidate) => coversItem(candidate, item))) === true;
}

function coversCommand(wide: CommandPattern, narrow: CommandPattern): boolean {
  return wide.words.every((word, index) => {
    const other = narrow.words[index];
    return other !== undefined && covers(word, other);
  });
}

function coversOption(wide: OptionPattern, narrow: OptionPattern, same: SameOption): boolean {
  return (
    same(wide.name) === same(narrow.name) &&
    (wide.value === undefined || (narrow.value !== undefined && covers(wide.value, narrow.value)))
  );
}

/** An exact folder is about what is below it too, and a pattern about the whole path. */
function coversFolder(wide: Pattern, narrow: Pattern): boolean {
  if (wide.kind === "exact") {
    return isInside(sampleOf(narrow), wide.text);
  }
  return covers(wide, narrow) && (narrow.kind !== "exact" || (!wide.text.includes("?") && isBelowToo(wide, narrow)));
}

function isBelowToo({ text: wide }: Pattern, { text: folder }: Pattern): boolean {
  return matchGlob(wide, `${folder}/${ANYTHING}`);
}

function coversVariables(
  wide: readonly VariablePattern[] | undefined,
  narrow: readonly VariablePattern[] | undefined,
): boolean {
  return (wide ?? []).every(({ name, values }) =>
    narrow?.some((other) => other.name === name && isCovered(values, other.values, covers)),
  );
}

/** Stands for whatever a pattern leaves open: nobody writes it, so only a `*` takes it. */
const ANYTHING = "\u{10FFFF}";

function sampleOf({ kind, text }: Pattern): string {
  if (kind === "exact") {
    return text;
  }
  return kind === "prefix" ? `${text}${ANYTHING}` : text.replaceAll(/[*?]+/g, ANYTHING);
}
