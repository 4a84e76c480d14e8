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
  if (escapeControl(word) === word && word.search(BLANK) < 0) {
    // A shell would make a folder of a bare ~.
    return word.includes("~") ? `'${word.replaceAll("'", String.raw`'\''`)}'` : shellWord(word);
  }
  const parts = word.split(/([\n\t])/).map((part) => NAMED[part] ?? escapePart(part));
  return `$'${parts.join("")}'`;
}

/** The lines of a script or a message can be told apart by these. */
const NAMED: Readonly<Record<string, string>> = { "\n": String.raw`\n`, "\t": String.raw`\t` };

function escapePart(part: string): string {
  // A backslash of the word's own must not look like one of ours.
  return escapeControl(part.replaceAll(/[\\']/g, String.raw`\$&`).replace(BLANK, escapeBlank));
}

/**
 * What leaves an empty place: spaces behind a space (enough of them, and the rest of a word stands below as if it were
 * another row), and characters without a shape.
 */
const BLANK = /(?<= ) |(?! )\p{Zs}|\u2800|\p{Default_Ignorable_Code_Point}/gu;

function escapeBlank(blank: string): string {
  const code = blank.codePointAt(0) ?? 0;
  if (code === 0x20) {
    return String.raw`\x20`;
  }
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

function unicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
