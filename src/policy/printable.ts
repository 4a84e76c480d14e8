/**
 * Makes text that somebody else chose (an argument, a folder, a YAML key) safe to print on one line: control
 * characters, line separators, bidirectional overrides and lone surrogates are written as `\x1b` or `\u202e`.
 * A terminal would obey them otherwise, and a log would gain forged lines.
 */
export function escapeControl(text: string): string {
  return text.replace(UNPRINTABLE, (found) => {
    const code = found.charCodeAt(0);
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Escaped text of at most about `maxChars` characters; the middle makes room when it is longer. */
export function clip(text: string, maxChars: number): string {
  const head = Math.ceil((maxChars - 1) * 0.6);
  const tail = maxChars - 1 - head;
  // Cut before escaping, for the input may be 100 KB, and again afterwards, for escaping makes text up to six times longer.
  const short = text.length <= maxChars ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
  const safe = escapeControl(short);
  return safe.length <= maxChars ? safe : `${safe.slice(0, maxChars - 1)}…`;
}

/** {@link clip}ped text in double quotes, for use inside a sentence. */
export function quote(text: string, maxChars = 60): string {
  return `"${clip(text, maxChars)}"`;
}

const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
