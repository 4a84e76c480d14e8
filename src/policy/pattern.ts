import { matchGlob } from "./glob.ts";

/** What a word is compared with: all of it exactly, all of it with `*` and `?`, or its beginning. */
export interface Pattern {
  readonly kind: "exact" | "glob" | "prefix";
  readonly text: string;
}

/** The pattern that a plain word of a config stands for: with `*` or `?` in it a glob, and otherwise itself. */
export function patternOf(word: string): Pattern {
  return { kind: /[*?]/.test(word) ? "glob" : "exact", text: word };
}

export function matchPattern({ kind, text }: Pattern, word: string): boolean {
  if (kind === "exact") {
    return word === text;
  }
  return kind === "prefix" ? word.startsWith(text) : matchGlob(text, word);
}

/** The pattern as a person writes it. */
export function patternText({ kind, text }: Pattern): string {
  return kind === "prefix" ? `${text}…` : text;
}
