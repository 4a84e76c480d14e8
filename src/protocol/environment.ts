import { stringsOf } from "./block.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The variables of an environment block (`NAME=value` and a NUL each, environ(7)). A variable that is not UTF-8 is left
 * out, for it would arrive altered; so is one without "=".
 */
export function readEnvironment(block: Uint8Array): (readonly [name: string, value: string])[] {
  return readEntries(block).flatMap((entry) => {
    const equals = entry.indexOf("=");
    return equals > 0 ? [[entry.slice(0, equals), entry.slice(equals + 1)] as const] : [];
  });
}

/** Nearly always all of it is UTF-8, and read in one go. */
function readEntries(block: Uint8Array): string[] {
  const whole = decode(block);
  if (whole !== undefined) {
    return whole.split("\0").slice(0, -1);
  }
  return Array.from(stringsOf(block), (entry) => decode(entry) ?? "");
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}
