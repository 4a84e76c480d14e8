/**
 * The strings of a block in which a NUL follows each, as a kernel keeps arguments and environments; without their NULs.
 * What comes after the last NUL is no string of it.
 */
export function* stringsOf(block: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (let end = block.indexOf(0); end >= 0; end = block.indexOf(0, start)) {
    yield block.subarray(start, end);
    start = end + 1;
  }
}
