import { randomBytes } from "node:crypto";
import type { Answer, Outcome, Question, Receipt, Settled, State } from "./question.ts";

/** How often the config is looked at while somebody waits: an edit may settle the question. */
const LOOK_MS = 1000;
/** So many answers are remembered for those who come too late with theirs. */
const MAX_SETTLED = 64;
/** So many approvals for the session are remembered; the oldest is then asked for again. */
const MAX_REMEMBERED = 1024;

interface Waiting {
  readonly question: Question;
  readonly key: string;
  readonly isAsShown: () => Promise<boolean>;
  readonly settle: (outcome: Outcome) => void;
  /** Who has answered, while it is looked whether the question still stands. */
  answer: Answer | undefined;
}

/** The calls of one daemon that wait for a person, and what people have answered. */
export class Approvals {
  readonly #tool: string;
  readonly #isGuarded: boolean;
  readonly #look: () => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #settled: Settled[] = [];
  readonly #remembered = new Map<string, Answer>();
  #watchers: (() => void)[] = [];
  #held = 0;
  #sequence = 0;
  #timer: Timer | undefined;

  /** `isGuarded`: whether the tool is kept from answering. `look` takes over what the config's file says now. */
  constructor(tool: string, isGuarded: boolean, look: () => void) {
    this.#tool = tool;
    this.#isGuarded = isGuarded;
    this.#look = look;
  }

  /** Takes one of `max` places for calls that wait for a person. */
  enter(max: number): boolean {
    if (this.#held >= max) {
      return false;
    }
    this.#held += 1;
    return true;
  }

  leave(): void {
    this.#held -= 1;
  }

  /** Who has approved of calls like this one until the daemon ends or its config changes. */
  remembered(key: string): Answer | undefined {
    return this.#remembered.get(key);
  }

  /**
   * Puts a question to whoever looks, and resolves with what becomes of it. `key` is what calls have in common that an
   * approval for the session is good for; `isAsShown` looks whether the call is still what the question says.
   */
  async ask(
    asked: Omit<Question, "id" | "tool">,
    key: string,
    isAsShown: () => Promise<boolean>,
    givenUp: AbortSignal,
  ): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const question = { ...asked, id: `${this.#tool}-${randomBytes(4).toString("hex")}`, tool: this.#tool };
    const settle = (outcome: Outcome): void => {
      if (this.#waiting.delete(question.id)) {
        this.#note({ id: question.id, how: outcome.kind, answer: outcome.kind === "answered" ? outcome.answer : null });
        resolve(outcome);
      }
    };
    this.#waiting.set(question.id, { question, key, isAsShown, settle, answer: undefined });
    this.#changed();
    const timer = setTimeout(() => settle({ kind: "timeout" }), Math.max(0, question.untilMs - Date.now()));
    const giveUp = (): void => settle({ kind: "given_up" });
    givenUp.addEventListener("abort", giveUp);
    this.#timer ??= setInterval(this.#look, LOOK_MS);
    if (givenUp.aborted) {
      giveUp();
    }
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      givenUp.removeEventListener("abort", giveUp);
      if (this.#waiting.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
    }
  }

  /** The first answer counts, if the question still stands then. */
  async answer(id: string, answer: Answer): Promise<Receipt> {
    this.#look();
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      return receiptOf(this.#settled.find((settled) => settled.id === id));
    }
    if (waiting.answer !== undefined) {
      return { result: "answered", answer: waiting.answer };
    }
    waiting.answer = answer;
    if (answer.verdict !== "deny" && !(await waiting.isAsShown())) {
      waiting.settle({ kind: "changed" });
      return { result: "changed" };
    }
    if (!this.#waiting.has(id)) {
      return receiptOf(this.#settled.find((settled) => settled.id === id));
    }
    if (answer.verdict === "session") {
      this.#remember(waiting.key, answer);
    }
    waiting.settle({ kind: "answered", answer });
    return { result: "taken" };
  }

  /** The config is another one now: nothing that was asked or answered under the former counts. */
  forget(): void {
    this.#remembered.clear();
    for (const { settle } of this.#waiting.values()) {
      settle({ kind: "changed" });
    }
  }

  state(): State {
    return {
      tool: this.#tool,
      isGuarded: this.#isGuarded,
      sequence: this.#sequence,
      questions: Array.from(this.#waiting.values(), ({ question }) => question),
      settled: this.#settled,
    };
  }

  /** Resolves when the state is another than that of `sequence`, or at `until`'s abort. */
  async changesAfter(sequence: number, until: AbortSignal): Promise<void> {
    if (sequence !== this.#sequence || until.aborted) {
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watchers.push(resolve);
    until.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    this.#watchers = this.#watchers.filter((watcher) => watcher !== resolve);
  }

  #remember(key: string, answer: Answer): void {
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size >= MAX_REMEMBERED && oldest !== undefined) {
      this.#remembered.delete(oldest);
    }
    this.#remembered.set(key, answer);
    // Those that wait for the same are looked at again, and find it.
    for (const other of this.#waiting.values()) {
      if (other.key === key && other.answer === undefined) {
        other.settle({ kind: "changed" });
      }
    }
  }

  #note(settled: Settled): void {
    this.#settled.push(settled);
    if (this.#settled.length > MAX_SETTLED) {
      this.#settled.shift();
    }
    this.#changed();
  }

  #changed(): void {
    this.#sequence += 1;
    for (const watcher of this.#watchers.splice(0)) {
      watcher();
    }
  }
}

function receiptOf(settled: Settled | undefined): Receipt {
  if (settled === undefined) {
    return { result: "gone", how: "unknown" };
  }
  return settled.answer === null
    ? { result: "gone", how: settled.how }
    : { result: "answered", answer: settled.answer };
}
