import { fstatSync } from "node:fs";
import { closeDescriptors } from "../protocol/descriptors.ts";
import { isPathOnly, readTerminalSettings, writeTerminalSettings } from "./libc.ts";

interface Terminal {
  readonly descriptor: number;
  /** As they were before the tool began. */
  readonly settings: Uint8Array;
}

/** The descriptors carrier, on the plugin's side: the client's own stdin, stdout and stderr. */
export class PassedStreams {
  readonly stdio: readonly [number, number, number];
  /** A terminal of the client's stays the client's: the tool is not controlled by it. */
  readonly hasTerminal = false;
  readonly #open: Set<number>;
  /** A terminal among them and its settings, kept so that they can be put back for a client that cannot do it any more. */
  readonly #terminal: Terminal | undefined;

  /**
   * Takes what came beside the client's first bytes. Undefined, and everything closed, when it is not exactly three
   * descriptors, each of a kind that a tool can read or write: a folder would be a way out of the tool's file system.
   */
  static from(descriptors: readonly number[]): PassedStreams | undefined {
    const [stdin, stdout, stderr] = descriptors;
    if (
      stdin === undefined ||
      stdout === undefined ||
      stderr === undefined ||
      descriptors.length !== 3 ||
      !descriptors.every(isUsable)
    ) {
      closeDescriptors(descriptors);
      return undefined;
    }
    return new PassedStreams([stdin, stdout, stderr]);
  }

  private constructor(stdio: readonly [number, number, number]) {
    this.stdio = stdio;
    this.#open = new Set(stdio);
    this.#terminal = findTerminal(stdio);
  }

  /** The tool runs, or could not be started: what is not the terminal is closed, so that readers see its end. */
  handOver(): void {
    for (const descriptor of this.stdio.filter((candidate) => candidate !== this.#terminal?.descriptor)) {
      this.#close(descriptor);
    }
  }

  /** The session is over, or never began. `isClientLost` puts the terminal back as it was. */
  finish(isClientLost: boolean): void {
    if (isClientLost && this.#terminal !== undefined && this.#open.has(this.#terminal.descriptor)) {
      writeTerminalSettings(this.#terminal.descriptor, this.#terminal.settings);
    }
    for (const descriptor of this.stdio) {
      this.#close(descriptor);
    }
  }

  /** Once: the number may be somebody else's soon after. */
  #close(descriptor: number): void {
    if (this.#open.delete(descriptor)) {
      closeDescriptors([descriptor]);
    }
  }
}

function findTerminal(stdio: readonly number[]): Terminal | undefined {
  for (const descriptor of stdio) {
    const settings = readTerminalSettings(descriptor);
    if (settings !== undefined) {
      return { descriptor, settings };
    }
  }
  return undefined;
}

function isUsable(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return (stat.isFIFO() || stat.isSocket() || stat.isFile() || stat.isCharacterDevice()) && !isPathOnly(descriptor);
  } catch {
    return false;
  }
}
