import { escapeControl } from "./printable.ts";
import { shellWord } from "./shell-word.ts";

/**
 * A call as one line that bash would read back as exactly these arguments, for a person who decides about it. Nothing
 * is cut, and nothing in it moves a cursor: what cannot be seen is written as `$'\x1b'`.
 */
export function exactLine(tool: string, args: readonly string[]): string {
  return [tool, ...args].map(exactWord).join(" ");
}

/** The same with every character in ASCII, where there are others: a Cyrillic a looks like a Latin one. */
export function asciiLine(line: string): string | undefined {
  return /^[\u0000-\u007f]*$/.test(line) ? undefined : line.replace(/[^\u0000-\u007f]/g, unicode);
}

function exactWord(word: string): string {
  if (escapeControl(word) === word) {
    // A shell would make a folder of a bare ~.
    return word.includes("~") ? `'${word.replaceAll("'", String.raw`'\''`)}'` : shellWord(word);
  }
  // A backslash of the word's own must not look like one of ours.
  return `$'${escapeControl(word.replaceAll(/[\\']/g, String.raw`\$&`))}'`;
}

function unicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
