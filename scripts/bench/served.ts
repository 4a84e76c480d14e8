import { closeSync, openSync, readFileSync } from "node:fs";

import type { Workplace } from "./workplace.ts";

const READY_MS = 30_000;
const POLL_MS = 5;

type Environment = Readonly<Record<string, string>>;

/** A process of the benchmark's own that listens: a broker, a server. */
export class Served implements AsyncDisposable {
  #url = "";
  readonly #process: Bun.Subprocess;
  readonly #place: Workplace;
  readonly #log: string;

  private constructor(place: Workplace, name: string, command: readonly string[], env: Environment) {
    this.#place = place;
    this.#log = place.path(`${name}.log`);
    const log = openSync(this.#log, "w");
    this.#process = Bun.spawn([...command], { cwd: "/", env: { ...place.env, ...env }, stdio: ["ignore", log, log] });
    closeSync(log);
    place.running.add(this);
  }

  /** Resolves when it has said `ready at URL`. */
  static async start(
    place: Workplace,
    name: string,
    command: readonly string[],
    env: Environment = {},
  ): Promise<Served> {
    const served = new Served(place, name, command, env);
    const end = performance.now() + READY_MS;
    for (;;) {
      const said = readFileSync(served.#log, "utf8");
      const url = /\bready at (https?:\S+)/.exec(said)?.[1];
      if (url !== undefined) {
        served.#url = url;
        return served;
      }
      if (served.#process.exitCode !== null || performance.now() > end) {
        throw new Error(`Cannot start ${name}: ${said}`);
      }
      await Bun.sleep(POLL_MS);
    }
  }

  get url(): string {
    return this.#url;
  }

  /** The most memory that it has had so far, in MiB. */
  peakMib(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    this.#place.running.delete(this);
  }
}
