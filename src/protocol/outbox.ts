/** Where the outbox puts bytes: the one method of a socket that it needs. */
export interface Sink {
  /** Returns how many bytes were taken, or −1 when the other side is gone. */
  write(bytes: Uint8Array, offset: number, length: number): number;
}

/**
 * Bytes that the socket has not taken yet. A socket of Bun takes what fits and queues nothing; the rest waits here for its
 * `drain`. Whoever produces data looks at {@link Outbox.pendingBytes} first.
 */
export class Outbox {
  readonly #sink: Sink;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #gone = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Keeps `bytes` itself, not a copy, until the socket has taken it. After the socket is gone this does nothing. */
  send(bytes: Uint8Array): void {
    if (this.#gone) {
      return;
    }
    const taken = this.#pendingBytes === 0 ? this.#write(bytes) : 0;
    if (taken < bytes.length && !this.#gone) {
      this.#pending.push(bytes.subarray(taken));
      this.#pendingBytes += bytes.length - taken;
    }
  }

  /** The socket takes bytes again. Returns whether everything is sent. */
  flush(): boolean {
    let first = this.#pending[0];
    while (first !== undefined) {
      const taken = this.#write(first);
      this.#pendingBytes -= taken;
      if (taken < first.length) {
        this.#pending[0] = first.subarray(taken);
        break;
      }
      this.#pending.shift();
      first = this.#pending[0];
    }
    if (this.#gone) {
      this.#pending = [];
      this.#pendingBytes = 0;
    }
    return this.#pendingBytes === 0;
  }

  #write(bytes: Uint8Array): number {
    const taken = this.#sink.write(bytes, 0, bytes.length);
    this.#gone = taken < 0;
    return Math.max(taken, 0);
  }
}
