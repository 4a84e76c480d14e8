import type { OutputStream } from "../src/protocol/constants.ts";

/** How far the plugin may be ahead of whoever reads our output. */
const WINDOW_BYTES = 1024 * 1024;
const RETRY_MS = 10;

/**
 * Writes one of our output streams in order, as its reader takes it, and asks the plugin for as much again. The writes
 * run beside the event loop, so that a slow reader holds up neither signals nor the other stream, and the descriptor's
 * flags, which others share, stay as they are.
 */
export class OutputWriter {
  readonly #descriptor: OutputStream;
  readonly #want: (bytes: number) => void;
  readonly #lost: () => void;
  readonly #fs = process.getBuiltinModule("node:fs");
  #pending: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;

  /** `want` asks for more bytes; `lost` tells that nobody reads them. */
  constructor(descriptor: OutputStream, want: (bytes: number) => void, lost: () => void) {
    this.#descriptor = descriptor;
    this.#want = want;
    this.#lost = lost;
    want(WINDOW_BYTES);
  }

  write(data: Uint8Array): void {
    this.#pending.push(data);
    this.#writing ??= this.#writeAll();
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

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0 && !this.#isClosed) {
      const data = this.#pending;
      this.#pending = [];
      await this.#writeOut(data);
    }
    this.#pending = [];
    this.#writing = undefined;
  }

  async #writeOut(data: readonly Uint8Array[]): Promise<void> {
    const bytes = data.reduce((sum, chunk) => sum + chunk.length, 0);
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
      rest = after(rest, count);
    }
    this.#want(bytes);
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
