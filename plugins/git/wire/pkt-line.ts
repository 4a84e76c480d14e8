/**
 * pkt-line, the framing of git's protocols: four hexadecimal digits that count themselves and what follows, then that
 * many bytes less four. `0000` is a flush. See gitprotocol-common(5).
 */
export type PktLine = Uint8Array | "flush";

/** Bytes that are no request as the protocol has it: `wire_invalid`. The message says what was found. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code = "wire_invalid";
}

/** The most that a line may be, its own length included: LARGE_PACKET_MAX of git's pkt-line.h. */
export const MAX_LINE_BYTES = 65_520;
const HEAD_BYTES = 4;

/**
 * Cuts a stream into pkt-lines, however it arrives. No line is looked at before all of it is there, and no more is kept
 * than one line and the chunk that came last; so the way the input is split decides nothing.
 */
export class PktLines {
  #buffer: Uint8Array = new Uint8Array(0);

  push(chunk: Uint8Array): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
  }

  /**
   * The next line without its length, or undefined when it is not there yet.
   *
   * @throws {WireError} for a length that no line can have here
   */
  next(): PktLine | undefined {
    if (this.#buffer.length < HEAD_BYTES) {
      return undefined;
    }
    const length = lengthOf(this.#buffer);
    if (length === 0) {
      this.#buffer = this.#buffer.subarray(HEAD_BYTES);
      return "flush";
    }
    if (this.#buffer.length < length) {
      return undefined;
    }
    const line = this.#buffer.subarray(HEAD_BYTES, length);
    this.#buffer = this.#buffer.subarray(length);
    return line;
  }

  /** What has not been read as lines. */
  rest(): Uint8Array {
    return this.#buffer;
  }
}

/** One line. */
export function pktLine(payload: Uint8Array | string): Uint8Array {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const head = (bytes.length + HEAD_BYTES).toString(16).padStart(HEAD_BYTES, "0");
  return Buffer.concat([new TextEncoder().encode(head), bytes]);
}

/** The end of a list of lines. */
export const FLUSH: Uint8Array = new TextEncoder().encode("0000");

/** 0001 to 0003 are marks of protocol v2, which pushing does not have; 0004 would be a line without content. */
function lengthOf(buffer: Uint8Array): number {
  let length = 0;
  for (let index = 0; index < HEAD_BYTES; index++) {
    const digit = HEX.indexOf(String.fromCharCode(buffer[index] ?? 0).toLowerCase());
    if (digit < 0) {
      throw new WireError("a line begins with something else than its length in four hexadecimal digits");
    }
    length = length * 16 + digit;
  }
  if ((length > 0 && length <= HEAD_BYTES) || length > MAX_LINE_BYTES) {
    throw new WireError(`a line says that it has ${length} bytes, which no line of this kind can`);
  }
  return length;
}

const HEX = "0123456789abcdef";
