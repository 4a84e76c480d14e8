import type { Channel } from "../src/protocol/channel.ts";
import { encodeOutputClosed, encodeWantOutput, encodeWindow } from "../src/protocol/client-messages.ts";
import { MAX_DATA_BYTES, STREAM, TERMINAL } from "../src/protocol/constants.ts";
import type { OutputStream } from "../src/protocol/constants.ts";
import { encodeFrame } from "../src/protocol/frame.ts";
import type { Frame } from "../src/protocol/frame.ts";
import { decodeOutputEnd, decodeWantInput } from "../src/protocol/plugin-messages.ts";
import { giveBack, isInForeground, readWindow } from "./libc.ts";
import { OutputWriter } from "./output-writer.ts";
import { RawTerminal } from "./raw-terminal.ts";

const RETRY_MS = 10;
const STDIN = 0;

/** The frames carrier, on the client's side. */
export class Relay {
  readonly #channel: Channel;
  readonly #terminals: number;
  readonly #outputs: Readonly<Record<OutputStream, OutputWriter>>;
  #terminal: RawTerminal | undefined;
  readonly #fs = process.getBuiltinModule("node:fs");
  #creditBytes = 0;
  #sentBytes = 0;
  #reading: Promise<void> | undefined;
  #isOver = false;

  constructor(channel: Channel, terminals: number) {
    this.#channel = channel;
    this.#terminals = terminals;
    const open = (stream: OutputStream): OutputWriter =>
      new OutputWriter(
        stream,
        (bytes) => channel.send(encodeWantOutput(stream, bytes)),
        () => channel.send(encodeOutputClosed(stream)),
      );
    this.#outputs = { [STREAM.stdout]: open(STREAM.stdout), [STREAM.stderr]: open(STREAM.stderr) };
    this.#enterTerminal();
    if (terminals !== 0) {
      // It may have changed since OPEN.
      this.resize();
    }
  }

  receive({ name, payload }: Frame): void {
    if (name === "STDOUT") {
      this.#outputs[STREAM.stdout].write(payload);
    } else if (name === "STDERR") {
      this.#outputs[STREAM.stderr].write(payload);
    } else if (name === "OUTPUT_END") {
      this.#outputs[decodeOutputEnd(payload)].end();
    } else if (name === "WANT_INPUT") {
      this.#creditBytes += decodeWantInput(payload);
      this.#startReading();
    }
  }

  resize(): void {
    this.#channel.send(encodeWindow(readWindow(this.#terminals)));
  }

  suspend(): void {
    this.#terminal?.suspend();
  }

  /** We go on, perhaps in the foreground now. */
  resume(): void {
    if (this.#terminal === undefined) {
      this.#enterTerminal();
    } else if (isInForeground()) {
      this.#terminal.resume();
    }
    this.#startReading();
    this.resize();
  }

  /** The tool has ended and has read `stdinBytes`: resolves when all output is written and the rest of stdin is given back. */
  async finish(stdinBytes: number): Promise<void> {
    this.#isOver = true;
    await Promise.all([this.#outputs[STREAM.stdout].flushed(), this.#outputs[STREAM.stderr].flushed()]);
    // A file is read at once; a pipe or a terminal may never be, and cannot take anything back either.
    if (this.#fs.fstatSync(STDIN).isFile()) {
      await this.#reading;
      giveBack(this.#sentBytes - stdinBytes);
    }
    this.restore();
  }

  /** Leaves the caller's terminal as it was. */
  restore(): void {
    this.#terminal?.leave();
  }

  /**
   * Where nothing of the tool's terminal can be shown, ours goes on to echo what is typed and to make signals of keys.
   * From the background nobody touches it.
   */
  #enterTerminal(): void {
    const isShown = (this.#terminals & (TERMINAL.stdout | TERMINAL.stderr)) !== 0;
    if (this.#isTyped() && isShown && isInForeground()) {
      this.#terminal = RawTerminal.enter((this.#terminals & TERMINAL.stdout) === 0);
    }
  }

  #startReading(): void {
    if (this.#creditBytes > 0 && (!this.#isTyped() || isInForeground())) {
      this.#reading ??= this.#readInput();
    }
  }

  /** Whether stdin is a terminal. */
  #isTyped(): boolean {
    return (this.#terminals & TERMINAL.stdin) !== 0;
  }

  /** Reads what was asked for, and no more; then waits to be asked again. */
  async #readInput(): Promise<void> {
    while (this.#creditBytes > 0 && !this.#isOver) {
      const data = new Uint8Array(Math.min(this.#creditBytes, MAX_DATA_BYTES));
      const count = await this.#read(data);
      if (count === undefined) {
        await Bun.sleep(RETRY_MS);
      } else if (count === 0) {
        this.#end();
        return;
      } else {
        this.#send(data.subarray(0, count));
      }
    }
    this.#reading = undefined;
  }

  #send(data: Uint8Array): void {
    this.#creditBytes -= data.length;
    this.#sentBytes += data.length;
    if (!this.#isOver) {
      this.#channel.sendData(STREAM.stdin, data);
    }
  }

  #end(): void {
    if (!this.#isOver) {
      this.#channel.send(encodeFrame("STDIN_END"));
    }
  }

  /** 0 at the end and where there is nothing to read; undefined when it has to be tried again. */
  #read(data: Uint8Array): Promise<number | undefined> {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    this.#fs.read(STDIN, data, 0, data.length, null, (error, count) => {
      resolve(error === null ? count : error.code === "EAGAIN" ? undefined : 0);
    });
    return promise;
  }
}
