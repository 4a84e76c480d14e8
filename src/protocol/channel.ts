import { MESSAGE, STREAM } from "./constants.ts";
import type { OutputStream } from "./constants.ts";
import { FrameDecoder } from "./decoder.ts";
import { encodeHeader } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { Outbox } from "./outbox.ts";

/** What a channel needs of a socket of Bun; `fd` exists at run time and is missing from its types. */
export interface Socket {
  write(bytes: Uint8Array, offset: number, length: number): number;
  end(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

/** One end of a connection: frames in, frames out. The only user of a socket's methods, on both sides. */
export class Channel {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();
  readonly #outbox: Outbox;
  #isEnding = false;
  #isPaused = false;
  #held: Uint8Array[] | undefined;
  /** Called when everything that was sent is with the kernel again. */
  onDrain: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
  }

  /** The number of the socket's descriptor. */
  get descriptor(): number {
    return (this.#socket as Socket & { fd: number }).fd;
  }

  get pendingBytes(): number {
    return this.#outbox.pendingBytes;
  }

  send(frame: Uint8Array): void {
    if (this.#held === undefined) {
      this.#outbox.send(frame);
    } else {
      this.#held.push(frame);
    }
  }

  /** Data of a stream, without copying it: at most MAX_DATA_BYTES, and not to be changed until it is sent. */
  sendData(stream: typeof STREAM.stdin | OutputStream, data: Uint8Array): void {
    const type = stream === STREAM.stdin ? MESSAGE.STDIN : stream === STREAM.stdout ? MESSAGE.STDOUT : MESSAGE.STDERR;
    this.send(encodeHeader(type, data.length));
    this.send(data);
  }

  /**
   * Hands every whole frame of `chunk` to `handle`; stops when the channel is paused, for the rest is not ours to read then.
   * What `handle` answers leaves together, so that the other side wakes once.
   *
   * @throws {ProtocolError} for bytes that are no frames, and whatever `handle` throws
   */
  receive(chunk: Uint8Array, handle: (frame: Frame) => void): void {
    this.#held = [];
    try {
      this.#decoder.push(chunk);
      let frame = this.#decoder.next();
      while (frame !== undefined) {
        handle(frame);
        frame = this.#isPaused ? undefined : this.#decoder.next();
      }
    } finally {
      this.#release();
    }
  }

  /** Sends what was held while a chunk was handled. */
  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (held.length > 0) {
      this.#outbox.send(held.length === 1 && held[0] !== undefined ? held[0] : join(held));
    }
  }

  /** The socket's `drain`. */
  drained(): void {
    if (!this.#outbox.flush()) {
      return;
    }
    if (this.#isEnding) {
      this.#socket.end();
    }
    this.onDrain?.();
  }

  /** Stops reading, for good: what comes next on this connection is taken with recvmsg. */
  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Closes after what was sent is with the kernel. */
  end(): void {
    this.#release();
    this.#isEnding = true;
    if (this.#outbox.pendingBytes === 0) {
      this.#socket.end();
    }
  }

  /** Closes at once. */
  terminate(): void {
    this.#socket.terminate();
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
