import { closeSync, readSync } from "node:fs";
import type { Channel } from "../protocol/channel.ts";
import { MAX_DATA_BYTES, MAX_WINDOW_BYTES } from "../protocol/constants.ts";
import type { OutputStream } from "../protocol/constants.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { encodeOutputEnd } from "../protocol/plugin-messages.ts";
import { bytesWaiting, setNonBlocking } from "./libc.ts";

/** What may wait for the socket before the tool's pipe is left to fill up. */
const MAX_PENDING_BYTES = 256 * 1024;
/** More than a pipe holds: what comes after so much was written by children of the tool that still run. */
const MAX_REMAINDER_BYTES = 2 * 1024 * 1024;

/** Carries one of the tool's output streams to the client: reads only while the client has asked for more. */
export class OutputRelay {
  readonly #channel: Channel;
  readonly #stream: OutputStream;
  readonly #descriptor: number;
  #reader: ReturnType<typeof openReader> | undefined;
  readonly #closed = Promise.withResolvers<void>();
  #chunk: Uint8Array = new Uint8Array(0);
  #creditBytes = 0;
  #reads = 0;
  #state: "open" | "reading" | "read_all" | "closed" = "open";
  #remainderBytes: number | undefined;

  /** `descriptor` is the reading end of a pipe, or a terminal's master; it is the relay's to close. */
  constructor(channel: Channel, stream: OutputStream, descriptor: number) {
    this.#channel = channel;
    this.#stream = stream;
    this.#descriptor = descriptor;
    setNonBlocking(descriptor);
  }

  /** @throws {ProtocolError} `malformed_message` when more than MAX_WINDOW_BYTES would be owed */
  want(bytes: number): void {
    if (this.#state === "closed") {
      return;
    }
    if (this.#creditBytes + bytes > MAX_WINDOW_BYTES) {
      const asked = `${this.#creditBytes} and then ${bytes}`;
      throw new ProtocolError(
        "malformed_message",
        `Cannot owe more than ${MAX_WINDOW_BYTES} bytes of output: asked for ${asked}`,
      );
    }
    this.#creditBytes += bytes;
    this.pump();
  }

  /** Sends and reads what it may; called again when there is credit, or room in the socket. */
  pump(): void {
    while (this.#chunk.length > 0 && this.#maySend()) {
      const data = this.#chunk.subarray(0, Math.min(MAX_DATA_BYTES, this.#creditBytes));
      this.#chunk = this.#chunk.subarray(data.length);
      this.#creditBytes -= data.length;
      this.#channel.sendData(this.#stream, data);
    }
    if (this.#chunk.length > 0) {
      return;
    }
    if (this.#state === "read_all") {
      this.close();
    } else if (this.#state === "open" && this.#maySend()) {
      this.#read();
    }
  }

  /**
   * The tool has ended: resolves when everything that it wrote is sent. Does not wait for its children, who may hold the
   * stream open for as long as they like.
   */
  async finish(): Promise<void> {
    if (this.#state === "closed") {
      // The number of its descriptor may be another's by now.
      return;
    }
    this.#remainderBytes = 0;
    if (this.#reader === undefined && bytesWaiting(this.#descriptor) === 0) {
      // A client that never asked for output does not have to, to be told of the end. But what a terminal holds back
      // only a read brings out.
      this.#chunk = readWaiting(this.#descriptor);
      this.#state = "read_all";
      this.pump();
    } else if (this.#state === "reading") {
      void this.#settle();
    }
    await this.#closed.promise;
  }

  /** Nobody reads any more: the tool gets SIGPIPE when it writes on. */
  close(): void {
    if (this.#state === "closed") {
      return;
    }
    this.#state = "closed";
    this.#chunk = new Uint8Array(0);
    this.#reader?.cancel().catch(() => {});
    closeSync(this.#descriptor);
    this.#closed.resolve();
  }

  #maySend(): boolean {
    return this.#creditBytes > 0 && this.#channel.pendingBytes < MAX_PENDING_BYTES;
  }

  #read(): void {
    this.#state = "reading";
    this.#reads += 1;
    // Not before the first wish: a stream may read ahead of its reader.
    this.#reader ??= openReader(this.#descriptor);
    this.#reader.read().then(
      ({ value }) => this.#received(value),
      () => this.#received(undefined),
    );
    if (this.#remainderBytes !== undefined) {
      void this.#settle();
    }
  }

  #received(chunk: Uint8Array | undefined): void {
    if (this.#state !== "reading") {
      return;
    }
    if (chunk === undefined) {
      this.#channel.send(encodeOutputEnd(this.#stream));
      this.close();
      return;
    }
    this.#chunk = chunk;
    this.#state = "open";
    if (this.#remainderBytes !== undefined) {
      this.#remainderBytes += chunk.length;
      this.#state = this.#remainderBytes > MAX_REMAINDER_BYTES ? "read_all" : "open";
    }
    this.pump();
  }

  /** A read that stays pending while the event loop turns has found nothing: one last look, and that was all. */
  async #settle(): Promise<void> {
    const read = this.#reads;
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    if (this.#state === "reading" && this.#reads === read) {
      this.#chunk = readWaiting(this.#descriptor);
      this.#state = "read_all";
      this.pump();
    }
  }
}

function openReader(descriptor: number) {
  return Bun.file(descriptor).stream().getReader();
}

/** What can be read without waiting; this look also makes a terminal's master hand over what it still held back. */
function readWaiting(descriptor: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    while (length < MAX_REMAINDER_BYTES) {
      const chunk = new Uint8Array(MAX_DATA_BYTES);
      const count = readSync(descriptor, chunk);
      if (count === 0) {
        break;
      }
      chunks.push(chunk.subarray(0, count));
      length += count;
    }
  } catch {
    // EAGAIN: empty, but held open. EIO: a terminal that nobody has open any more.
  }
  return Buffer.concat(chunks);
}
