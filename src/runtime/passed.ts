import { fstatSync } from "node:fs";
import { closeDescriptors, receiveDescriptors } from "../protocol/descriptors.ts";
import { isPathOnly, readTerminalSettings, writeTerminalSettings } from "./libc.ts";

/** The descriptors carrier, on the plugin's side: the client's own stdin, stdout and stderr. */
export class PassedStreams {
  readonly stdio: readonly [number, number, number];
  /** A terminal among them and its settings, kept so that they can be put back for a client that cannot do it any more. */
  #terminal: { readonly descriptor: number; readonly settings: Uint8Array } | undefined;

  /**
   * Takes what the client sent over `socket`. Undefined when it is not exactly three descriptors, each of a kind that a
   * tool can read or write: a folder would be a way out of the tool's own file system.
   */
  static take(socket: number): PassedStreams | undefined {
    const received = receiveDescriptors(socket, 3);
    if (received === undefined) {
      return undefined;
    }
    if (!received.every(isUsable)) {
      closeDescriptors(received);
      return undefined;
    }
    const [stdin = -1, stdout = -1, stderr = -1] = received;
    return new PassedStreams([stdin, stdout, stderr]);
  }

  private constructor(stdio: readonly [number, number, number]) {
    this.stdio = stdio;
  }

  /** The tool runs, or could not be started: what is not a terminal is closed, so that readers see its end. */
  handOver(): void {
    for (const descriptor of this.stdio) {
      const settings = this.#terminal === undefined ? readTerminalSettings(descriptor) : undefined;
      if (settings === undefined) {
        closeDescriptors([descriptor]);
      } else {
        this.#terminal = { descriptor, settings };
      }
    }
  }

  /** The session is over. `isClientLost` puts the terminal back as it was. */
  finish(isClientLost: boolean): void {
    if (this.#terminal === undefined) {
      return;
    }
    if (isClientLost) {
      writeTerminalSettings(this.#terminal.descriptor, this.#terminal.settings);
    }
    closeDescriptors([this.#terminal.descriptor]);
  }
}

function isUsable(descriptor: number): boolean {
  const stat = fstatSync(descriptor);
  return (stat.isFIFO() || stat.isSocket() || stat.isFile() || stat.isCharacterDevice()) && !isPathOnly(descriptor);
}
