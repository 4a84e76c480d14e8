import { adoptedChildren, readMark, type Tools } from "./adopted.ts";
import { descendants, listProcesses, readProcess, signalProcess, type ProcessInfo } from "./processes.ts";

/** What of a plugin {@link Leftovers} goes by; the config may change meanwhile. */
export interface LeftoverRules {
  readonly tools: Tools;
  readonly config: { readonly background: "end" | "keep"; readonly limits: { readonly graceMs: number } };
}

/** How long what outlives its tool may take to end by itself: a shell does not wait for what it writes to by `>(…)`. */
const SETTLE_MS = 250;
const POLL_MS = 20;
/** What does not end when it is killed is in the kernel's hands, and is looked at less often. */
const QUICK_KILLS = 50;
const REAP_MS = 1000;

/** One that is to end. */
interface Leftover {
  /** Since when it, or what it came of, has been left. */
  readonly sinceMs: number;
  isTold: boolean;
  kills: number;
}

/**
 * What tools leave running when they end by themselves. It has become this process's child, and there is no call any
 * more that it is part of: it gets a moment, SIGTERM, the grace, and SIGKILL, with all that descends from it. With
 * `background: keep` it goes on. Those that have ended are collected in any case.
 */
export class Leftovers {
  readonly #rules: LeftoverRules;
  readonly #ending = new Map<string, Leftover>();
  #timer: Timer | undefined;

  constructor(rules: LeftoverRules) {
    this.#rules = rules;
  }

  /** A tool has ended. When it left nothing, this is one look at the list of children. */
  look(): void {
    this.#lookAt(performance.now());
  }

  /** `newSinceMs`: when the time of those that were not there before began. */
  #lookAt(newSinceMs: number): void {
    clearTimeout(this.#timer);
    const adopted = adoptedChildren(this.#rules.tools);
    const left = this.#rules.config.background === "end" ? this.#ofNoSession(adopted) : [];
    const keys = new Set(left.map(keyOf));
    for (const key of this.#ending.keys().filter((known) => !keys.has(known))) {
      this.#ending.delete(key);
    }
    for (const info of left) {
      this.#end(info, newSinceMs);
    }
    this.#timer = adopted.length > 0 ? setTimeout(() => this.#poll(), this.#isBusy ? POLL_MS : REAP_MS) : undefined;
    this.#timer?.unref();
  }

  /** Resolves when nothing is left that can be ended. */
  async settled(): Promise<void> {
    while (this.#isBusy) {
      await Bun.sleep(POLL_MS);
    }
  }

  get #isBusy(): boolean {
    return this.#ending.values().some(({ kills }) => kills < QUICK_KILLS);
  }

  /** No tool has ended, so that what is new came of what was left, and gets no more time than that had. */
  #poll(): void {
    this.#lookAt(Math.min(performance.now(), ...this.#ending.values().map(({ sinceMs }) => sinceMs)));
  }

  #ofNoSession(adopted: readonly ProcessInfo[]): ProcessInfo[] {
    if (adopted.length === 0) {
      return [];
    }
    const running = [...this.#rules.tools].map(([pid, mark]) => ({ mark, since: readProcess(pid)?.startTicks }));
    return adopted.filter(({ pid, startTicks }) => {
      const mark = readMark(pid);
      // One that hides its mark may be of any session that was there before it; one that was there first is of none.
      const own = running.filter((session) => mark === undefined || session.mark === mark);
      return !own.some(({ since }) => since !== undefined && since <= startTicks);
    });
  }

  #end(info: ProcessInfo, newSinceMs: number): void {
    const left = this.#ending.get(keyOf(info)) ?? { sinceMs: newSinceMs, isTold: false, kills: 0 };
    this.#ending.set(keyOf(info), left);
    const sinceMs = performance.now() - left.sinceMs;
    if (sinceMs >= SETTLE_MS + this.#rules.config.limits.graceMs) {
      left.kills += 1;
      signalTree(info, ["SIGKILL"]);
    } else if (sinceMs >= SETTLE_MS && !left.isTold) {
      left.isTold = true;
      // A stopped process acts on SIGTERM only when it is continued.
      signalTree(info, ["SIGTERM", "SIGCONT"]);
    }
  }
}

/** A pid may be somebody else's later; with the time of birth it is not. */
function keyOf({ pid, startTicks }: ProcessInfo): string {
  return `${pid} ${startTicks}`;
}

function signalTree(top: ProcessInfo, signals: readonly NodeJS.Signals[]): void {
  for (const pid of descendants(listProcesses(), new Set([top.pid]))) {
    for (const signal of signals) {
      signalProcess(pid, signal);
    }
  }
}
