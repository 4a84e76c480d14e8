import { closeSync, readSync, writeSync } from "node:fs";
import { bytesWaiting, discardInput, setNonBlocking } from "./libc.ts";

/** Where the bytes of stdin go: our end of a pipe or of a terminal. */
export interface ToolInput {
  /** Resolves when the tool's end has taken all of `data`. */
  write(data: Uint8Array): Promise<void>;
  /** There is no more. */
  end(): Promise<void>;
  /** Takes out what the tool has not read, and returns how many bytes that were. */
  discard(): number;
  close(): Promise<void>;
}

const DISCARD_BYTES = 64 * 1024;
const END_OF_TRANSMISSION = Uint8Array.of(0x04);
const NEWLINE = 0x0a;
const RETRY_MS = 5;

/** A pipe. Its reading end is held too, so that writing never fails and what is left can be counted. */
export class PipeInput implements ToolInput {
  readonly #write: number;
  readonly #read: number;
  readonly #sink: Bun.FileSink;
  #ending: Promise<void> | undefined;

  /** Both ends are this object's to close. */
  constructor(write: number, read: number) {
    this.#write = write;
    this.#read = read;
    this.#sink = Bun.file(write).writer();
  }

  async write(data: Uint8Array): Promise<void> {
    await this.#sink.write(data);
    await this.#sink.flush();
  }

  end(): Promise<void> {
    const close = (): void => closeSync(this.#write);
    this.#ending ??= Promise.resolve(this.#sink.end()).then(close, close);
    return this.#ending;
  }

  discard(): number {
    let count = 0;
    const rest = new Uint8Array(DISCARD_BYTES);
    for (let waiting = bytesWaiting(this.#read); waiting > 0; waiting = bytesWaiting(this.#read)) {
      count += readSync(this.#read, rest, 0, Math.min(waiting, DISCARD_BYTES), null);
    }
    return count;
  }

  async close(): Promise<void> {
    await this.end();
    closeSync(this.#read);
  }
}

/** A terminal, typed into at its master. Bun's own writer would make it blocking, and us wait for whoever does not read. */
export class TerminalInput implements ToolInput {
  readonly #master: number;
  readonly #slave: number;
  #isClosed = false;
  #isLineOpen = false;

  /** Both stay the caller's. */
  constructor(master: number, slave: number) {
    this.#master = master;
    this.#slave = slave;
    setNonBlocking(master);
  }

  async write(data: Uint8Array): Promise<void> {
    this.#isLineOpen = data.at(-1) !== NEWLINE;
    let rest = data;
    while (rest.length > 0 && !this.#isClosed) {
      const count = writeSome(this.#master, rest);
      rest = rest.subarray(count);
      if (rest.length > 0) {
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  /** A terminal cannot be closed for its reader alone: the key that ends input is typed; in a begun line it ends that first. */
  async end(): Promise<void> {
    if (this.#isLineOpen) {
      await this.write(END_OF_TRANSMISSION);
    }
    await this.write(END_OF_TRANSMISSION);
  }

  discard(): number {
    discardInput(this.#slave);
    return 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

function writeSome(descriptor: number, data: Uint8Array): number {
  try {
    return writeSync(descriptor, data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") {
      return 0;
    }
    throw error;
  }
}
