import { closeSync } from "node:fs";
import type { Channel } from "../protocol/channel.ts";
import { decodeOutputClosed, decodeWantOutput, decodeWindow } from "../protocol/client-messages.ts";
import type { Window } from "../protocol/client-messages.ts";
import { STREAM, TERMINAL } from "../protocol/constants.ts";
import type { OutputStream } from "../protocol/constants.ts";
import type { Frame } from "../protocol/frame.ts";
import { InputRelay } from "./input-relay.ts";
import { duplicate, openPipe, openTerminal, resizeTerminal } from "./libc.ts";
import { OutputRelay } from "./output-relay.ts";
import { PipeInput, TerminalInput } from "./tool-input.ts";
import type { ToolInput } from "./tool-input.ts";

/** Larger than a default pipe, so that a tool and the socket take turns less often. */
const OUTPUT_PIPE_BYTES = 1024 * 1024;
/** The default: what a tool leaves of its stdin is lost to a caller whose stdin cannot be moved back. */
const INPUT_PIPE_BYTES = 64 * 1024;

/**
 * The frames carrier, on the plugin's side: real pipes, and one pseudo-terminal for those streams that are a terminal at
 * the client. The tool has one end of each, relays have the other.
 */
export class Streams {
  /** The tool's descriptors 0, 1 and 2. */
  readonly stdio: readonly [number, number, number];
  /** Whether stdin is the pseudo-terminal. */
  readonly hasTerminal: boolean;
  readonly #channel: Channel;
  readonly #input: InputRelay;
  readonly #outputs = new Map<OutputStream, OutputRelay>();
  readonly #terminal: { readonly master: number; readonly slave: number } | undefined;
  readonly #toolEnds: number[] = [];
  #isShown = false;

  /** `terminals` are bits of TERMINAL. */
  constructor(channel: Channel, terminals: number, window: Window) {
    const isTerminal = (bit: number): boolean => (terminals & bit) !== 0;
    this.#channel = channel;
    this.hasTerminal = isTerminal(TERMINAL.stdin);
    this.#terminal = terminals === 0 ? undefined : openTerminal();
    this.resize(window);
    const stdin = this.#openInput();
    this.#input = new InputRelay(channel, stdin.input);
    this.stdio = [
      stdin.end,
      this.#openOutput(STREAM.stdout, isTerminal(TERMINAL.stdout)),
      this.#openOutput(STREAM.stderr, isTerminal(TERMINAL.stderr)),
    ];
  }

  /** The tool runs, or could not be started: its ends of the output pipes are not ours to hold open. */
  handOver(): void {
    for (const end of this.#toolEnds.splice(0)) {
      closeSync(end);
    }
  }

  start(): void {
    this.#input.start();
  }

  /** A message of the client's about its streams. */
  take({ name, payload }: Frame): void {
    if (name === "STDIN") {
      this.#input.receive(payload);
    } else if (name === "STDIN_END") {
      this.#input.end();
    } else if (name === "WANT_OUTPUT") {
      const { stream, bytes } = decodeWantOutput(payload);
      this.#outputs.get(stream)?.want(bytes);
    } else if (name === "OUTPUT_CLOSED") {
      this.#outputs.get(decodeOutputClosed(payload))?.close();
    } else if (name === "WINDOW") {
      this.resize(decodeWindow(payload));
    }
  }

  /** The socket has room again. */
  pump(): void {
    for (const output of this.#outputs.values()) {
      output.pump();
    }
  }

  resize({ rows, columns }: Window): void {
    if (this.#terminal !== undefined) {
      resizeTerminal(this.#terminal.master, rows, columns);
    }
  }

  /** The tool has ended: sends what it wrote, closes everything, and returns how many bytes of stdin it read. */
  async finish(): Promise<number> {
    const stdinBytes = await this.#input.finish();
    await Promise.all([...this.#outputs.values()].map((output) => output.finish()));
    if (this.#terminal !== undefined) {
      closeSync(this.#terminal.master);
      closeSync(this.#terminal.slave);
    }
    return stdinBytes;
  }

  /** The client is gone: nothing more is sent. {@link Streams.finish} still has to follow. */
  abandon(): void {
    for (const output of this.#outputs.values()) {
      output.close();
    }
  }

  #openInput(): { readonly end: number; readonly input: ToolInput } {
    if (this.#terminal !== undefined && this.hasTerminal) {
      const { master, slave } = this.#terminal;
      return { end: slave, input: new TerminalInput(master, slave) };
    }
    const { read, write } = openPipe(INPUT_PIPE_BYTES);
    return { end: read, input: new PipeInput(write, read) };
  }

  /** The tool's end of one output. What the terminal shows goes out once, as the first stream that is one. */
  #openOutput(stream: OutputStream, isTerminal: boolean): number {
    if (!isTerminal || this.#terminal === undefined) {
      const { read, write } = openPipe(OUTPUT_PIPE_BYTES);
      this.#toolEnds.push(write);
      this.#outputs.set(stream, new OutputRelay(this.#channel, stream, read));
      return write;
    }
    if (!this.#isShown) {
      this.#isShown = true;
      this.#outputs.set(stream, new OutputRelay(this.#channel, stream, duplicate(this.#terminal.master)));
    }
    return this.#terminal.slave;
  }
}
