import { closeSync } from "node:fs";
import type { Channel } from "../protocol/channel.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { encodeWantInput } from "../protocol/plugin-messages.ts";

/** How far the client may be ahead of the tool. */
const WINDOW_BYTES = 256 * 1024;

const END_OF_TRANSMISSION = Uint8Array.of(0x04);

/** Carries the client's stdin to the tool, and asks for as much as the tool's pipe takes. */
export class InputRelay {
  readonly #channel: Channel;
  readonly #descriptor: number;
  readonly #discard: () => number;
  readonly #sink: Bun.FileSink;
  #creditBytes = 0;
  #unwrittenBytes = 0;
  #receivedBytes = 0;
  #last: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /**
   * `descriptor` is the writing end of the tool's stdin, or a terminal's master; it is the relay's to close.
   * `discard` takes out of it what the tool has not read, and returns how many bytes that were.
   */
  constructor(channel: Channel, descriptor: number, discard: () => number) {
    this.#channel = channel;
    this.#descriptor = descriptor;
    this.#discard = discard;
    this.#sink = Bun.file(descriptor).writer();
  }

  /** Asks the client for its stdin. */
  start(): void {
    this.#want(WINDOW_BYTES);
  }

  /** @throws {ProtocolError} `unexpected_message` for more than was wanted */
  receive(data: Uint8Array): void {
    if (data.length > this.#creditBytes) {
      throw new ProtocolError("unexpected_message", `Cannot take ${data.length} bytes of stdin: ${this.#creditBytes} were wanted`);
    }
    this.#creditBytes -= data.length;
    this.#unwrittenBytes += data.length;
    this.#receivedBytes += data.length;
    this.#last = this.#last.then(() => this.#forward(data)).catch(() => {});
  }

  /** The client's stdin has ended: so does the tool's, once it has read what came before. */
  end(): void {
    void this.#last.then(() => this.#close());
  }

  /** The same for a terminal, which cannot be closed: the key that ends input there. */
  typeEnd(): void {
    this.#last = this.#last.then(async () => {
      this.#sink.write(END_OF_TRANSMISSION);
      await this.#sink.flush();
    }).catch(() => {});
  }

  /** The tool has ended. Returns how many bytes of its stdin it has read. */
  async finish(): Promise<number> {
    let unreadBytes = this.#discard();
    while (this.#unwrittenBytes > 0) {
      // The sink goes on writing into the room that was just made.
      await new Promise(setImmediate);
      unreadBytes += this.#discard();
    }
    const readBytes = this.#receivedBytes - unreadBytes;
    await this.#close();
    return readBytes;
  }

  async #forward(data: Uint8Array): Promise<void> {
    try {
      await this.#sink.write(data);
      await this.#sink.flush();
    } finally {
      this.#unwrittenBytes -= data.length;
    }
    if (this.#closing === undefined) {
      this.#want(data.length);
    }
  }

  #want(bytes: number): void {
    this.#creditBytes += bytes;
    this.#channel.send(encodeWantInput(bytes));
  }

  #close(): Promise<void> {
    this.#closing ??= Promise.resolve(this.#sink.end()).then(
      () => closeSync(this.#descriptor),
      () => closeSync(this.#descriptor),
    );
    return this.#closing;
  }
}
