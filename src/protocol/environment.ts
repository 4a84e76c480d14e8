const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The variables of an environment block (`NAME=value` and a NUL each, environ(7)). A variable that is not UTF-8 is left
 * out, for it would arrive altered; so is one without "=".
 */
export function* readEnvironment(block: Uint8Array): Generator<readonly [name: string, value: string]> {
  let start = 0;
  for (let end = block.indexOf(0); end >= 0; end = block.indexOf(0, start)) {
    const entry = decode(block.subarray(start, end));
    const equals = entry?.indexOf("=") ?? -1;
    if (entry !== undefined && equals > 0) {
      yield [entry.slice(0, equals), entry.slice(equals + 1)];
    }
    start = end + 1;
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}
