/**
 * Text that the agent chose, safe to print: what would move a cursor, turn the direction of writing or not be seen at
 * all is written as `\x1b` or `\u202e`. The plugin has done the same; a terminal is no place to rely on that.
 */
export function visible(text: string): string {
  return text.replace(UNPRINTABLE, (found) => {
    const code = found.charCodeAt(0);
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** The same for one word, such as a folder: also spaces behind a space, which could make a row of their own of the rest. */
export function visibleWord(text: string): string {
  return visible(text).replaceAll(/(?<= ) /g, String.raw`\x20`);
}

/** The same for text of several lines. */
export function visibleLines(text: string): string[] {
  return text.split("\n").map(visible);
}

const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
