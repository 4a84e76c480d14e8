import { closeSync, readSync } from "node:fs";
import type { Channel } from "../protocol/channel.ts";
import type { Window } from "../protocol/client-messages.ts";
import { STREAM, TERMINAL } from "../protocol/constants.ts";
import type { OutputStream } from "../protocol/constants.ts";
import { InputRelay } from "./input-relay.ts";
import { bytesWaiting, discardInput, duplicate, openPipe, openTerminal, resizeTerminal } from "./libc.ts";
import { OutputRelay } from "./output-relay.ts";

/** Larger than a default pipe, so that a tool and the socket take turns less often. */
const OUTPUT_PIPE_BYTES = 1024 * 1024;
/** The default: what a tool leaves of its stdin is lost to a caller whose stdin cannot be moved back. */
const INPUT_PIPE_BYTES = 64 * 1024;
const DISCARD_BYTES = 64 * 1024;

/**
 * The frames carrier, on the plugin's side: real pipes, and one pseudo-terminal for those streams that are a terminal at
 * the client. The tool has one end of each, relays have the other.
 */
export class Streams {
  /** The tool's descriptors 0, 1 and 2. */
  readonly stdio: readonly [number, number, number];
  /** Whether stdin is the pseudo-terminal. */
  readonly hasTerminal: boolean;
  readonly #input: InputRelay;
  readonly #outputs = new Map<OutputStream, OutputRelay>();
  readonly #terminal: { readonly master: number; readonly slave: number } | undefined;
  readonly #inputEnd: number;
  readonly #toolEnds: number[] = [];

  /** `terminals` are bits of TERMINAL. */
  constructor(channel: Channel, terminals: number, window: Window) {
    this.#terminal = terminals === 0 ? undefined : openTerminal();
    this.hasTerminal = (terminals & TERMINAL.stdin) !== 0;
    if (this.#terminal !== undefined) {
      resizeTerminal(this.#terminal.master, window.rows, window.columns);
    }
    // What a terminal shows goes where the client has one; a terminal that is only typed into shows nothing to anybody.
    if ((terminals & (TERMINAL.stdout | TERMINAL.stderr)) !== 0) {
      const shown = (terminals & TERMINAL.stdout) === 0 ? STREAM.stderr : STREAM.stdout;
      this.#outputs.set(shown, new OutputRelay(channel, shown, duplicate(this.#master())));
    }
    const input = this.hasTerminal ? undefined : openPipe(INPUT_PIPE_BYTES);
    this.#inputEnd = input?.read ?? this.#slave();
    this.#input =
      input === undefined
        ? new InputRelay(channel, duplicate(this.#master()), () => discardTyped(this.#slave()))
        : new InputRelay(channel, input.write, () => discardUnread(input.read));
    this.stdio = [
      this.#inputEnd,
      (terminals & TERMINAL.stdout) === 0 ? this.#openOutput(channel, STREAM.stdout) : this.#slave(),
      (terminals & TERMINAL.stderr) === 0 ? this.#openOutput(channel, STREAM.stderr) : this.#slave(),
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

  receive(data: Uint8Array): void {
    this.#input.receive(data);
  }

  endInput(): void {
    if (this.hasTerminal) {
      this.#input.typeEnd();
    } else {
      this.#input.end();
    }
  }

  want(stream: OutputStream, bytes: number): void {
    this.#outputs.get(stream)?.want(bytes);
  }

  closeOutput(stream: OutputStream): void {
    this.#outputs.get(stream)?.close();
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
    const { master, slave } = this.#terminal ?? { master: this.#inputEnd, slave: this.#inputEnd };
    for (const end of new Set([this.#inputEnd, master, slave])) {
      closeSync(end);
    }
    return stdinBytes;
  }

  /** The client is gone: nothing more is sent. {@link Streams.finish} still has to follow. */
  abandon(): void {
    for (const output of this.#outputs.values()) {
      output.close();
    }
  }

  #openOutput(channel: Channel, stream: OutputStream): number {
    const { read, write } = openPipe(OUTPUT_PIPE_BYTES);
    this.#toolEnds.push(write);
    this.#outputs.set(stream, new OutputRelay(channel, stream, read));
    return write;
  }

  #master(): number {
    return this.#terminal?.master ?? -1;
  }

  #slave(): number {
    return this.#terminal?.slave ?? -1;
  }
}

function discardUnread(end: number): number {
  let count = 0;
  const rest = new Uint8Array(DISCARD_BYTES);
  for (let waiting = bytesWaiting(end); waiting > 0; waiting = bytesWaiting(end)) {
    count += readSync(end, rest, 0, Math.min(waiting, DISCARD_BYTES), null);
  }
  return count;
}

function discardTyped(slave: number): number {
  discardInput(slave);
  return 0;
}
