import { Channel } from "../../src/protocol/channel.ts";
import { encodeHello, encodeOpen } from "../../src/protocol/client-messages.ts";
import type { Open } from "../../src/protocol/client-messages.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/constants.ts";
import type { MessageName } from "../../src/protocol/constants.ts";
import { connectWith } from "../../src/protocol/descriptors.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { decodeError } from "../../src/protocol/plugin-messages.ts";
import type { PluginProcess } from "./plugin.ts";
import { waitFor } from "./wait-for.ts";

/** A greeting as an honest client sends it. */
export const HELLO: Uint8Array = encodeHello({ version: PROTOCOL_VERSION, features: 0 });

/** An honest request, but for what `changes` says. */
export function openFor(plugin: PluginProcess, args: readonly string[], changes: Partial<Open> = {}): Uint8Array {
  const open = { tool: plugin.tool, cwd: plugin.workspace, args, env: new Uint8Array(0), terminals: 0 };
  return encodeOpen({ ...open, window: { rows: 0, columns: 0 }, ...changes });
}

/** A connection that sends whatever it is told, and keeps what comes back. */
export class RawClient implements Disposable {
  readonly frames: Frame[] = [];
  #socket: Bun.Socket<undefined> | undefined;
  #channel: Channel | undefined;
  #isClosed = false;

  static async connect(path: string): Promise<RawClient> {
    const client = new RawClient();
    client.#adopt(await Bun.connect({ unix: path, socket: client.#handler() }));
    return client;
  }

  /** Connects and sends `bytes` with `descriptors` beside the first of them. */
  static async connectPassing(path: string, bytes: Uint8Array, descriptors: readonly number[]): Promise<RawClient> {
    const sent = connectWith(path, bytes, descriptors);
    if (sent?.socket === undefined || sent.sentBytes !== bytes.length) {
      throw new Error("Cannot pass descriptors");
    }
    const client = new RawClient();
    const options = { fd: sent.socket, socket: client.#handler() } as unknown as Bun.UnixSocketOptions<undefined>;
    client.#adopt(await Bun.connect(options));
    return client;
  }

  /** Whether the plugin has closed the connection. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes that the plugin has not taken yet. */
  get pendingBytes(): number {
    return this.#channel?.pendingBytes ?? 0;
  }

  get names(): MessageName[] {
    return this.frames.map(({ name }) => name);
  }

  /** The codes of the ERROR messages so far. */
  get errors(): (string | undefined)[] {
    return this.frames.filter(({ name }) => name === "ERROR").map(({ payload }) => decodeError(payload).code);
  }

  send(...parts: readonly Uint8Array[]): void {
    this.#channel?.send(Buffer.concat(parts));
  }

  /** Stops reading, as a client that is stuck. */
  pause(): void {
    this.#socket?.pause();
  }

  /** Waits for a message. */
  async receives(name: MessageName): Promise<Frame> {
    return await waitFor(`${name} arrives (so far: ${this.names.join(", ")})`, () =>
      this.frames.find((frame) => frame.name === name),
    );
  }

  async closes(boundMs?: number): Promise<void> {
    await waitFor(`the plugin closes the connection (so far: ${this.names.join(", ")})`, () => this.#isClosed, boundMs);
  }

  [Symbol.dispose](): void {
    this.#socket?.terminate();
  }

  #adopt(socket: Bun.Socket<undefined>): void {
    this.#socket = socket;
    this.#channel = new Channel(socket);
  }

  #handler(): Bun.SocketHandler<undefined> {
    const close = (): void => {
      this.#isClosed = true;
    };
    return {
      data: (_socket, chunk) =>
        this.#channel?.receive(chunk, ({ name, payload }) => this.frames.push({ name, payload: payload.slice() })),
      drain: () => this.#channel?.drained(),
      close,
      error: close,
    };
  }
}
