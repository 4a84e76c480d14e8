import type { Channel } from "../protocol/channel.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { encodeWantInput } from "../protocol/plugin-messages.ts";
import type { ToolInput } from "./tool-input.ts";

/** How far the client may be ahead of the tool. */
const WINDOW_BYTES = 256 * 1024;
/** Credit is given in pieces of at least this, or each small message would be answered by another. */
const LEAST_CREDIT_BYTES = WINDOW_BYTES / 4;

/** Carries the client's stdin to the tool, and asks for as much as the tool takes. */
export class InputRelay {
  readonly #channel: Channel;
  readonly #input: ToolInput;
  #creditBytes = 0;
  #unwrittenBytes = 0;
  #receivedBytes = 0;
  #isFinished = false;
  #takenBytes = 0;
  /** What waits to be written, and the buffer that is being written from: they take turns. The credit bounds both. */
  #waiting = new Uint8Array(WINDOW_BYTES);
  #writing = new Uint8Array(WINDOW_BYTES);
  #waitingBytes = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(channel: Channel, input: ToolInput) {
    this.#channel = channel;
    this.#input = input;
  }

  /** Asks the client for its stdin. */
  start(): void {
    this.#want(WINDOW_BYTES);
  }

  /** @throws {ProtocolError} `unexpected_message` for more than was wanted */
  receive(data: Uint8Array): void {
    if (data.length > this.#creditBytes) {
      const found = `${data.length} bytes of stdin`;
      throw new ProtocolError("unexpected_message", `Cannot take ${found}: ${this.#creditBytes} were wanted`);
    }
    this.#creditBytes -= data.length;
    this.#unwrittenBytes += data.length;
    this.#receivedBytes += data.length;
    if (this.#waitingBytes === 0 && data.length > 0) {
      this.#next(() => this.#forward());
    }
    // Copied, so that a million small messages are no million objects.
    this.#waiting.set(data, this.#waitingBytes);
    this.#waitingBytes += data.length;
  }

  /** The client's stdin has ended: so does the tool's, once it has read what came before. */
  end(): void {
    this.#next(() => this.#input.end());
  }

  /** The tool has ended. Returns how many bytes of its stdin it has read. */
  async finish(): Promise<number> {
    this.#isFinished = true;
    let unreadBytes = this.#input.discard();
    while (this.#unwrittenBytes > 0) {
      // What could not be written goes on into the room that was just made.
      await new Promise(setImmediate);
      unreadBytes += this.#input.discard();
    }
    const readBytes = this.#receivedBytes - unreadBytes;
    await this.#input.close();
    return readBytes;
  }

  /** One after the other. A tool whose input fails ends soon, and says itself how. */
  #next(step: () => Promise<void>): void {
    this.#last = this.#last.then(step).catch(() => {});
  }

  async #forward(): Promise<void> {
    const data = this.#waiting.subarray(0, this.#waitingBytes);
    [this.#waiting, this.#writing] = [this.#writing, this.#waiting];
    this.#waitingBytes = 0;
    try {
      await this.#input.write(data);
    } finally {
      this.#unwrittenBytes -= data.length;
    }
    if (!this.#isFinished) {
      this.#takenBytes += data.length;
      if (this.#takenBytes >= LEAST_CREDIT_BYTES) {
        this.#want(this.#takenBytes);
        this.#takenBytes = 0;
      }
    }
  }

  #want(bytes: number): void {
    this.#creditBytes += bytes;
    this.#channel.send(encodeWantInput(bytes));
  }
}
