import { receiveFirst } from "../protocol/descriptors.ts";
import type { First } from "../protocol/descriptors.ts";
import { waitReadable } from "./libc.ts";

/**
 * A client connects and sends at once: its bytes are about 100 microseconds away, a timer's first tick is 1,000. Nobody
 * else is served in this time, so it is short, and a peer that wants to waste it has to connect for each.
 */
const GRACE_MICROSECONDS = 1000;
/** With more guests than this nobody is waited for: a crowd is no honest client. */
const CROWD = 8;
const LOOK_MS = 1;
/** Who has said nothing for so long is in no hurry. */
const PATIENT_AFTER_MS = 50;
const PATIENT_LOOK_MS = 10;
const ROOM_BYTES = 64 * 1024;

export type Arrival = Exclude<First, { kind: "nothing" }>;

/**
 * Connections that have not said anything yet. Bun must not read them, for it would drop the descriptors that travel
 * beside the first bytes, and it has no event for "readable" alone. So a newcomer is waited for, for a moment that is
 * shorter than a turn of the event loop may be, and whoever is slower is looked at now and then.
 */
export class Lobby {
  readonly #room = new Uint8Array(ROOM_BYTES);
  readonly #guests = new Map<number, (arrival: Arrival) => void>();
  #lastCameMs = 0;
  #timer: Timer | undefined;

  /** Calls `arrived` with the first bytes of the paused socket `descriptor`, now or later. */
  enter(descriptor: number, arrived: (arrival: Arrival) => void): void {
    this.#guests.set(descriptor, arrived);
    this.#lastCameMs = performance.now();
    this.#look(descriptor, arrived);
    if (this.#guests.has(descriptor) && this.#guests.size <= CROWD) {
      waitReadable(descriptor, GRACE_MICROSECONDS);
      this.#look(descriptor, arrived);
    }
    this.#lookLater();
  }

  /** The connection has closed. */
  leave(descriptor: number): void {
    this.#guests.delete(descriptor);
  }

  #look(descriptor: number, arrived: (arrival: Arrival) => void): void {
    const first = receiveFirst(descriptor, this.#room);
    if (first.kind !== "nothing") {
      this.#guests.delete(descriptor);
      arrived(first);
    }
  }

  #lookLater(): void {
    if (this.#timer !== undefined || this.#guests.size === 0) {
      return;
    }
    const isPatient = performance.now() - this.#lastCameMs > PATIENT_AFTER_MS;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        for (const [descriptor, arrived] of this.#guests) {
          this.#look(descriptor, arrived);
        }
        this.#lookLater();
      },
      isPatient ? PATIENT_LOOK_MS : LOOK_MS,
    );
  }
}
