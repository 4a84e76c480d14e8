import { stringsOf } from "./block.ts";
import { MAX_TEXT_BYTES } from "./constants.ts";
import { ProtocolError } from "./errors.ts";
import { putStrings, putText, putU16, putU32, stringsRoom, textRoom } from "./put.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Builds a payload field by field, in the order of SPEC.md's field blocks. */
export class FieldWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  u8(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  u16(value: number): this {
    this.#reserve(2);
    this.#length = putU16(this.#bytes, this.#length, value);
    return this;
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#length = putU32(this.#bytes, this.#length, value);
    return this;
  }

  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32);
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  text(value: string): this {
    this.#reserve(textRoom(value));
    this.#length = putText(this.#bytes, this.#length, value);
    return this;
  }

  /** Each string and a NUL after it, all behind their length in bytes: what a kernel keeps arguments and environments in. */
  strings(values: readonly string[]): this {
    this.#reserve(stringsRoom(values));
    this.#length = putStrings(this.#bytes, this.#length, values);
    return this;
  }

  pairs(values: readonly (readonly [string, string])[]): this {
    this.u32(values.length);
    for (const [name, value] of values) {
      this.text(name).text(value);
    }
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
  }
}

/** Reads a payload field by field. Every method throws {@link ProtocolError} `malformed_message` where the bytes do not hold the field. */
export class FieldReader {
  readonly #message: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  /** `message` is the name that errors carry. */
  constructor(message: string, bytes: Uint8Array) {
    this.#message = message;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** As a number: exact up to 2^53. */
  u64(): number {
    return this.u32() * 2 ** 32 + this.u32();
  }

  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** UTF-8 without NUL, at most {@link MAX_TEXT_BYTES} bytes: what a kernel takes as an argument, a name or a path. */
  text(): string {
    const length = this.u32();
    this.#checkText(length);
    const bytes = this.bytes(length);
    if (bytes.includes(0)) {
      throw this.#malformed("a text with a NUL byte");
    }
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw this.#malformed("a text that is not UTF-8", cause);
    }
  }

  /** At most `max` strings of at most {@link MAX_TEXT_BYTES} bytes, all of them UTF-8. */
  strings(max: number): string[] {
    try {
      return decoder.decode(this.block(max)).split("\0").slice(0, -1);
    } catch (cause) {
      throw cause instanceof ProtocolError ? cause : this.#malformed("a text that is not UTF-8", cause);
    }
  }

  /** The bytes of such a list, each string with its NUL; nothing is said of their encoding. */
  block(max: number): Uint8Array {
    const bytes = this.bytes(this.u32());
    let count = 0;
    for (const { length } of stringsOf(bytes)) {
      this.#checkText(length);
      count += 1;
    }
    if (bytes.length > 0 && bytes.at(-1) !== 0) {
      throw this.#malformed("a list whose last string does not end");
    }
    if (count > max) {
      throw this.#malformed(`a list of ${count}, at most ${max} are accepted`);
    }
    return bytes;
  }

  pairs(max: number): [string, string][] {
    const count = this.u32();
    if (count > max) {
      throw this.#malformed(`a list of ${count}, at most ${max} are accepted`);
    }
    const pairs: [string, string][] = [];
    while (pairs.length < count) {
      pairs.push([this.text(), this.text()]);
    }
    return pairs;
  }

  /** The fields must fill the payload exactly. */
  end(): void {
    if (this.#offset !== this.#bytes.length) {
      throw this.#malformed(`${this.#bytes.length - this.#offset} bytes after its last field`);
    }
  }

  #checkText(length: number): void {
    if (length > MAX_TEXT_BYTES) {
      throw this.#malformed(`a text of ${length} bytes, at most ${MAX_TEXT_BYTES} are accepted`);
    }
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) {
      throw this.#malformed("fewer bytes than its fields need");
    }
    this.#offset = start + length;
    return start;
  }

  #malformed(found: string, cause?: unknown): ProtocolError {
    const error = new ProtocolError("malformed_message", `Cannot read ${this.#message}: found ${found}`);
    error.cause = cause;
    return error;
  }
}
