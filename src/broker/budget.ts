import { Refusal } from "./refusal.ts";

/** Something that all requests together have only so much of: memory for what must be read whole, room on the disk. */
export class Budget {
  readonly #most: number;
  readonly #what: string;
  #taken = 0;

  /** `what` completes the sentence "The broker is busy: …". */
  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  /** @throws {Refusal} `limits`, when it is used up */
  take(amount: number): void {
    if (this.#taken + amount > this.#most) {
      throw new Refusal(503, "limits", `The broker is busy: ${this.#what}; try again later`);
    }
    this.#taken += amount;
  }

  giveBack(amount: number): void {
    this.#taken -= amount;
  }
}
