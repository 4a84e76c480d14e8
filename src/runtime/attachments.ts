import type { Channel } from "../protocol/channel.ts";
import type { Peer } from "./libc.ts";

/** The second connections, which bring descriptors, by their tokens: each is taken once, by the invocation that named it. */
export class Attachments {
  readonly #arrived = new Map<string, { channel: Channel; peer: Peer }>();
  readonly #awaited = new Map<string, () => void>();

  /** Keeps a connection until it is taken. Returns false when the token is taken already. */
  add(token: Uint8Array, channel: Channel, peer: Peer): boolean {
    const key = token.toHex();
    if (this.#arrived.has(key)) {
      return false;
    }
    this.#arrived.set(key, { channel, peer });
    this.#awaited.get(key)?.();
    return true;
  }

  /** Forgets a connection that has closed before it was taken. */
  remove(token: Uint8Array, channel: Channel): void {
    const key = token.toHex();
    if (this.#arrived.get(key)?.channel === channel) {
      this.#arrived.delete(key);
    }
  }

  /** Takes the connection of a token if it is here and was opened by the same user. */
  take(token: Uint8Array, peer: Peer): Channel | undefined {
    const key = token.toHex();
    const found = this.#arrived.get(key);
    if (found === undefined || found.peer.uid !== peer.uid) {
      return undefined;
    }
    this.#arrived.delete(key);
    return found.channel;
  }

  /** Resolves when the connection of a token is here or `waitMs` are over. */
  async arrival(token: Uint8Array, waitMs: number): Promise<void> {
    const key = token.toHex();
    if (this.#arrived.has(key)) {
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#awaited.set(key, resolve);
    await promise;
    clearTimeout(timer);
    this.#awaited.delete(key);
  }
}
