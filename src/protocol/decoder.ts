import { HEADER_BYTES } from "./constants.ts";
import type { MessageName } from "./constants.ts";
import { ProtocolError } from "./errors.ts";
import { decodeHeader } from "./frame.ts";
import type { Frame } from "./frame.ts";

/** Enough for most messages; a longer payload grows the buffer as its bytes arrive, never by what a header declares. */
const FIRST_BUFFER_BYTES = 1024;

/**
 * Cuts a byte stream into frames. Feed it chunks of any size and take frames until there are none.
 *
 * States: `header` (fewer than five bytes of the next frame are here) and `payload` (the header is read).
 * What it keeps is one partial frame: a payload that lies whole in one chunk is a view of that chunk and is not copied.
 */
export class FrameDecoder {
  #state: "header" | "payload" = "header";
  #chunk: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #partial: Uint8Array = new Uint8Array(0);
  #partialBytes = 0;
  #name: MessageName = "HELLO";
  #length = 0;

  /** Takes the next chunk of the stream. Every frame of the chunk before must have been taken. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /**
   * The next whole frame, or undefined when the rest of it has not arrived.
   *
   * @throws {ProtocolError} `unknown_message`, `message_too_long`
   */
  next(): Frame | undefined {
    if (this.#state === "header") {
      const header = this.#consume(HEADER_BYTES);
      if (header === undefined) {
        return undefined;
      }
      ({ name: this.#name, length: this.#length } = decodeHeader(header));
      this.#state = "payload";
    }
    const payload = this.#consume(this.#length);
    if (payload === undefined) {
      return undefined;
    }
    this.#state = "header";
    return { name: this.#name, payload };
  }

  /**
   * The stream has ended.
   *
   * @throws {ProtocolError} `malformed_message` when it ended inside a frame
   */
  end(): void {
    if (this.#state === "payload" || this.#partialBytes > 0) {
      throw new ProtocolError("malformed_message", "Cannot read the last message: the connection ended inside it");
    }
  }

  /** The only place that cuts: `length` bytes, or undefined after keeping what there is. */
  #consume(length: number): Uint8Array | undefined {
    const available = this.#chunk.length - this.#offset;
    const missing = length - this.#partialBytes;
    if (this.#partialBytes === 0 && available >= length) {
      this.#offset += length;
      return this.#chunk.subarray(this.#offset - length, this.#offset);
    }
    this.#keep(Math.min(available, missing), length);
    if (this.#partialBytes < length) {
      return undefined;
    }
    const whole = this.#partial.subarray(0, length);
    this.#partial = new Uint8Array(0);
    this.#partialBytes = 0;
    return whole;
  }

  #keep(count: number, length: number): void {
    const needed = this.#partialBytes + count;
    if (needed > this.#partial.length) {
      const grown = new Uint8Array(Math.min(length, Math.max(needed, 2 * this.#partial.length, FIRST_BUFFER_BYTES)));
      grown.set(this.#partial.subarray(0, this.#partialBytes));
      this.#partial = grown;
    }
    this.#partial.set(this.#chunk.subarray(this.#offset, this.#offset + count), this.#partialBytes);
    this.#partialBytes = needed;
    this.#offset += count;
  }
}
