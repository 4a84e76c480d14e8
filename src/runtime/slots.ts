/** Counts what runs at once and lets the rest wait in order: at most `max` hold a slot, at most `maxWaiting` wait, each for `waitMs` at the longest. */
export class Slots {
  #max: number;
  #maxWaiting: number;
  #waitMs: number;
  readonly #waiting = new Set<() => void>();
  #held = 0;

  constructor(max: number, maxWaiting: number, waitMs: number) {
    this.#max = max;
    this.#maxWaiting = maxWaiting;
    this.#waitMs = waitMs;
  }

  /** Other limits from now on; what runs or waits already goes on to. */
  resize(max: number, maxWaiting: number, waitMs: number): void {
    this.#max = max;
    this.#maxWaiting = maxWaiting;
    this.#waitMs = waitMs;
    while (this.#held < max && this.#grantNext()) {
      this.#held += 1;
    }
  }

  get held(): number {
    return this.#held;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes a slot at once if one is free. */
  tryTake(): boolean {
    if (this.#held >= this.#max) {
      return false;
    }
    this.#held += 1;
    return true;
  }

  /** Waits for a slot: false when too many wait already, when the time is over, or when `givenUp` is aborted. */
  async take(givenUp: AbortSignal): Promise<boolean> {
    if (this.tryTake()) {
      return true;
    }
    if (this.#waiting.size >= this.#maxWaiting || givenUp.aborted) {
      return false;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const granted = (): void => resolve(true);
    const refused = (): void => {
      // Whoever was granted a slot in the same moment keeps it.
      if (this.#waiting.delete(granted)) {
        resolve(false);
      }
    };
    const timer = setTimeout(refused, this.#waitMs);
    givenUp.addEventListener("abort", refused);
    this.#waiting.add(granted);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      givenUp.removeEventListener("abort", refused);
    }
  }

  /** Gives a slot back, or on to the one that has waited longest. */
  release(): void {
    if (this.#held > this.#max || !this.#grantNext()) {
      this.#held -= 1;
    }
  }

  #grantNext(): boolean {
    const [next] = this.#waiting;
    if (next === undefined) {
      return false;
    }
    this.#waiting.delete(next);
    next();
    return true;
  }
}
