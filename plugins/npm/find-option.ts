import { OPTIONS, SHORTHANDS, type OptionType } from "./options.ts";

/** What npm takes a word with dashes for, as far as all releases agree. */
export type Found =
  /** An option by this name. */
  | { readonly kind: "option"; readonly name: string; readonly type: OptionType }
  /** These words instead. */
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Releases differ, or none knows it and a later one may. */
  | { readonly kind: "doubt" };

/**
 * Finds the option that a name without its dashes stands for, in npm's order: an option; a shorthand; shorthands of one
 * letter, glued together (`gf`); an abbreviation of one option; an abbreviation of one shorthand.
 */
export function findOption(name: string): Found {
  if (OPTIONS.has(name)) {
    return byOption(name);
  }
  const words = SHORTHANDS.get(name) ?? glued(name);
  if (words !== undefined) {
    return { kind: "words", words };
  }
  const longer = abbreviated(name);
  if (longer.length === 1) {
    return byAbbreviation(longer);
  }
  const isAmbiguousEverywhere = longer.filter(({ isEverywhere }) => isEverywhere).length > 1;
  const shorthands = [...SHORTHANDS.keys()].filter((candidate) => candidate.startsWith(name));
  return shorthands.length === 1 && (longer.length === 0 || isAmbiguousEverywhere)
    ? { kind: "words", words: SHORTHANDS.get(shorthands[0] ?? "") ?? [] }
    : { kind: "doubt" };
}

/** The same for what is left of a name behind `no-`, where npm looks for no shorthands. */
export function findNegated(name: string): Found {
  return OPTIONS.has(name) ? byOption(name) : byAbbreviation(abbreviated(name));
}

function byOption(name: string): Found {
  const type = OPTIONS.get(name);
  return type === undefined ? { kind: "doubt" } : { kind: "option", name, type };
}

/** An abbreviation is only certain when every release has the option that it is short for, and none another one. */
function byAbbreviation(longer: readonly Candidate[]): Found {
  const [only] = longer;
  return only?.isEverywhere === true && longer.length === 1 ? byOption(only.name) : { kind: "doubt" };
}

interface Candidate {
  readonly name: string;
  readonly isEverywhere: boolean;
}

function abbreviated(name: string): Candidate[] {
  return [...OPTIONS]
    .filter(([candidate]) => candidate.startsWith(name))
    .map(([candidate, { isEverywhere }]) => ({ name: candidate, isEverywhere }));
}

/** Nothing at all counts too: npm drops the `--` of `--=publish`, so that `publish` becomes the command. */
function glued(name: string): string[] | undefined {
  const letters = name.split("");
  return letters.every((letter) => SHORTHANDS.has(letter))
    ? letters.flatMap((letter) => SHORTHANDS.get(letter) ?? [])
    : undefined;
}
