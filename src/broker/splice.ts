import { collect } from "./collect.ts";

/** One end of a {@link Splice}: the connection from outside, or the one to a server of the broker's own. */
type End = "outer" | "inner";

/** Two connections that are one: what comes from either is written to the other, no faster than that takes it. */
export class Splice {
  readonly #outer: Bun.Socket<unknown>;
  #inner: Bun.Socket<undefined> | undefined;
  /** What an end has not taken yet. */
  readonly #rest: Record<End, Buffer> = { outer: NOTHING, inner: NOTHING };
  #isOver = false;

  constructor(outer: Bun.Socket<unknown>) {
    this.#outer = outer;
  }

  /** To whoever listens at a Unix socket. Rejects when nobody does. */
  async connect(unix: string): Promise<void> {
    this.#inner = await Bun.connect({
      unix,
      socket: {
        data: (_, chunk) => this.#write("outer", chunk),
        drain: () => this.drained("inner"),
        close: () => this.closed("inner"),
        error: () => this.closed("inner"),
      },
    });
    if (this.#isOver) {
      this.#inner.terminate();
    } else {
      this.drained("inner");
    }
  }

  /** The outer end has sent this. */
  forward(chunk: Buffer): void {
    this.#write("inner", chunk);
  }

  /** An end takes more. */
  drained(end: End): void {
    const rest = this.#rest[end];
    this.#rest[end] = NOTHING;
    this.#write(end, rest);
    if (this.#rest[end].length === 0) {
      this.#socket(opposite(end))?.resume();
      if (this.#isOver) {
        this.#socket(end)?.end();
      }
    }
  }

  /** An end is no more: the other gets what is left for it, and ends. */
  closed(end: End): void {
    this.#isOver = true;
    const other = opposite(end);
    if (this.#rest[other].length === 0) {
      this.#socket(other)?.end();
    }
  }

  #write(end: End, chunk: Buffer): void {
    collect(chunk.length);
    const rest = this.#rest[end];
    const socket = this.#socket(end);
    const written = rest.length > 0 || socket === undefined ? 0 : Math.max(0, socket.write(chunk));
    if (written < chunk.length) {
      const left = chunk.subarray(written);
      this.#rest[end] = rest.length === 0 ? left : Buffer.concat([rest, left]);
      this.#socket(opposite(end))?.pause();
    }
  }

  #socket(end: End): Bun.Socket<unknown> | undefined {
    return end === "outer" ? this.#outer : this.#inner;
  }
}

const NOTHING: Buffer = Buffer.alloc(0);

function opposite(end: End): End {
  return end === "outer" ? "inner" : "outer";
}
