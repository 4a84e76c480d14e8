import type { OutputStream } from "../src/protocol/constants.ts";
import { widenPipe, writeNow } from "./libc.ts";

/** How far the plugin may be ahead of whoever reads our output. */
const WINDOW_BYTES = 2 * 1024 * 1024;
/** More is asked for in pieces of this, or each write would be answered by a message. */
const WANT_BYTES = 256 * 1024;
/** A little at a time is asked for now and then all the same: the plugin learns from it that somebody still reads. */
const WANT_MS = 100;
/** A reader who lags behind finds more in the pipe at a time, and we wait for it less often. */
const PIPE_BYTES = 1024 * 1024;
const RETRY_MS = 10;

/**
 * Writes one of our output streams in order, as its reader takes it, and asks the plugin for as much again. What a
 * pipe has room for is written at once; all else is written beside the event loop, so that a slow reader holds up
 * neither signals nor the other stream. The descriptor's flags, which others share, stay as they are.
 */
export class OutputWriter {
  readonly #descriptor: OutputStream;
  readonly #want: (bytes: number) => void;
  readonly #lost: () => void;
  readonly #fs = process.getBuiltinModule("node:fs");
  #pending: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #isWidened = false;
  #writtenBytes = 0;
  #wantedMs = 0;

  /** `want` asks for more bytes; `lost` tells that nobody reads them. */
  constructor(descriptor: OutputStream, want: (bytes: number) => void, lost: () => void) {
    this.#descriptor = descriptor;
    this.#want = want;
    this.#lost = lost;
    want(WINDOW_BYTES);
  }

  write(data: Uint8Array): void {
    let count = 0;
    if (this.#writing === undefined && !this.#isClosed && data.length > 0) {
      count = writeNow(this.#descriptor, data);
      this.#written(count);
    }
    if (count < data.length) {
      this.#pending.push(data.subarray(count));
      this.#writing ??= this.#writeAll();
    }
  }

  /** The tool has closed the stream: so do we, for our reader may wait for that. */
  end(): void {
    void this.flushed().then(() => {
      if (!this.#isClosed) {
        this.#isClosed = true;
        this.#fs.closeSync(this.#descriptor);
      }
    });
  }

  /** Resolves when what was given is written. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  #written(bytes: number): void {
    this.#writtenBytes += bytes;
    const nowMs = performance.now();
    if (this.#writtenBytes >= WANT_BYTES || (bytes > 0 && nowMs - this.#wantedMs >= WANT_MS)) {
      this.#want(this.#writtenBytes);
      this.#writtenBytes = 0;
      this.#wantedMs = nowMs;
    }
  }

  async #writeAll(): Promise<void> {
    if (!this.#isWidened) {
      this.#isWidened = true;
      widenPipe(this.#descriptor, PIPE_BYTES);
    }
    while (this.#pending.length > 0 && !this.#isClosed) {
      const data = this.#pending;
      this.#pending = [];
      await this.#writeOut(data);
    }
    this.#pending = [];
    this.#writing = undefined;
  }

  async #writeOut(data: readonly Uint8Array[]): Promise<void> {
    let rest = data;
    while (rest.length > 0) {
      const { count, code } = await this.#writeSome(rest);
      if (code === "EAGAIN") {
        await Bun.sleep(RETRY_MS);
      } else if (code !== undefined) {
        this.#isClosed = true;
        this.#lost();
        return;
      }
      this.#written(count);
      rest = after(rest, count);
    }
  }

  #writeSome(data: readonly Uint8Array[]): Promise<{ count: number; code: string | undefined }> {
    const { promise, resolve } = Promise.withResolvers<{ count: number; code: string | undefined }>();
    this.#fs.writev(this.#descriptor, [...data], null as never, (error, count) => {
      resolve({ count: error === null ? count : 0, code: error?.code });
    });
    return promise;
  }
}

/** What is left of `data` after its first `count` bytes. */
function after(data: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = count;
  for (const chunk of data) {
    if (skip < chunk.length) {
      rest.push(chunk.subarray(skip));
    }
    skip = Math.max(0, skip - chunk.length);
  }
  return rest;
}
