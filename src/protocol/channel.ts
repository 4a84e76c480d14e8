import { MESSAGE, STREAM } from "./constants.ts";
import type { OutputStream } from "./constants.ts";
import { FrameDecoder } from "./decoder.ts";
import { encodeHeader, joinFrames } from "./frame.ts";
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
  #held: Uint8Array | undefined;

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
    const held = this.#held;
    this.#held = undefined;
    this.#outbox.send(held === undefined ? frame : joinFrames(held, frame));
  }

  /** Keeps a frame until the next one is sent, so that the other side wakes once for both. */
  hold(frame: Uint8Array): void {
    this.#held = frame;
  }

  /** Data of a stream, without copying it: at most MAX_DATA_BYTES, and not to be changed until it is sent. */
  sendData(stream: typeof STREAM.stdin | OutputStream, data: Uint8Array): void {
    const type = stream === STREAM.stdin ? MESSAGE.STDIN : stream === STREAM.stdout ? MESSAGE.STDOUT : MESSAGE.STDERR;
    this.send(encodeHeader(type, data.length));
    this.send(data);
  }

  /**
   * Hands every whole frame of `chunk` to `handle`.
   *
   * @throws {ProtocolError} for bytes that are no frames, and whatever `handle` throws
   */
  receive(chunk: Uint8Array, handle: (frame: Frame) => void): void {
    this.#decoder.push(chunk);
    for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
      handle(frame);
    }
  }

  /** The socket's `drain`. */
  drained(): void {
    if (this.#outbox.flush() && this.#isEnding) {
      this.#socket.end();
    }
  }

  /** Stops reading: what comes first on this connection is taken with recvmsg. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes after what was sent is with the kernel. */
  end(): void {
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
