import type { Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";
import { listPlaces, type Mode, type Place } from "./places.ts";
import type { Answer, Question, Receipt, Settled, State } from "./question.ts";
import { Watcher } from "./watcher.ts";

/** How often it is looked for plugins that have come or gone. */
const LOOK_MS = 2000;
const ANSWER_MS = 15_000;
const MAX_SETTLED = 100;

/** What waits at all plugins of a home. */
export interface BoardState {
  /** Another number whenever anything else here is another. */
  readonly sequence: number;
  readonly tools: readonly string[];
  /** The tools that nothing keeps from answering for themselves. */
  readonly unguarded: readonly string[];
  /** The oldest first. */
  readonly questions: readonly Question[];
  readonly settled: readonly Settled[];
}

/** All questions of a home, kept up to date. */
export class Board {
  readonly #home: Home;
  readonly #mode: Mode;
  readonly #watchers = new Map<string, Watcher>();
  readonly #states = new Map<string, State>();
  readonly #settled = new Map<string, Settled>();
  #isLooking = false;
  #sequence = 0;
  #listeners: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(home: Home, mode: Mode) {
    this.#home = home;
    this.#mode = mode;
  }

  /** @throws {Refusal} when it cannot be asked what runs */
  async start(): Promise<void> {
    await this.#look();
    // An engine that does not answer for a moment is asked again.
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const watcher of this.#watchers.values()) {
      watcher.stop();
    }
  }

  state(): BoardState {
    const states = [...this.#states.values()];
    return {
      sequence: this.#sequence,
      tools: states.map(({ tool }) => tool).toSorted(),
      unguarded: states.filter(({ isGuarded }) => !isGuarded).map(({ tool }) => tool),
      questions: states.flatMap(({ questions }) => questions).toSorted((a, b) => a.askedMs - b.askedMs),
      settled: [...this.#settled.values()],
    };
  }

  /** Resolves when the state is another than that of `sequence`, or at `until`'s abort. */
  async changesAfter(sequence: number, until: AbortSignal): Promise<void> {
    if (sequence !== this.#sequence || until.aborted) {
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listeners.push(resolve);
    until.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    this.#listeners = this.#listeners.filter((listener) => listener !== resolve);
  }

  async answer(id: string, answer: Answer): Promise<Receipt> {
    for (const [name, { questions, settled }] of this.#states) {
      const watcher = this.#watchers.get(name);
      if (watcher !== undefined && [...questions, ...settled].some((known) => known.id === id)) {
        return await give(watcher.place, id, answer);
      }
    }
    const known = this.#settled.get(id);
    return known?.answer
      ? { result: "answered", answer: known.answer }
      : { result: "gone", how: known?.how ?? "unknown" };
  }

  async #look(): Promise<void> {
    if (this.#isLooking) {
      return;
    }
    this.#isLooking = true;
    try {
      await this.#follow();
    } finally {
      this.#isLooking = false;
    }
  }

  async #follow(): Promise<void> {
    const places = new Map((await listPlaces(this.#home, this.#mode)).map((place) => [place.name, place]));
    for (const [name, place] of places) {
      if (!this.#watchers.has(name)) {
        this.#watchers.set(name, new Watcher(place, (state) => this.#changed(name, state)));
      }
    }
  }

  #changed(name: string, state: State | undefined): void {
    if (state === undefined) {
      for (const { id } of this.#states.get(name)?.questions ?? []) {
        this.#note({ id, how: "lost", answer: null });
      }
      this.#states.delete(name);
      this.#watchers.delete(name);
    } else {
      this.#states.set(name, state);
      for (const settled of state.settled) {
        this.#note(settled);
      }
    }
    this.#sequence += 1;
    for (const listener of this.#listeners.splice(0)) {
      listener();
    }
  }

  #note(settled: Settled): void {
    this.#settled.set(settled.id, settled);
    const [oldest] = this.#settled.keys();
    if (this.#settled.size > MAX_SETTLED && oldest !== undefined) {
      this.#settled.delete(oldest);
    }
  }
}

/** Gives one answer where the question is. */
export async function give(place: Place, id: string, { verdict, by, word }: Answer): Promise<Receipt> {
  const given = ["--verdict", verdict, "--by", by, ...(word === "" ? [] : [`--word=${word}`]), "--json"];
  const child = Bun.spawn(place.command("answer", id, ...given), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: ANSWER_MS,
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  try {
    return JSON.parse(stdout) as Receipt;
  } catch {
    throw new Refusal(1, `Cannot answer: ${stderr.trim() || "the plugin gave no answer"}`);
  }
}
