import type { Config } from "../policy/config.ts";
import type { ErrorName } from "../protocol/constants.ts";

/** The two clocks of one session: how long it may run, and how long without moving data. */
export class Limits {
  readonly #limits: Config["limits"];
  readonly #tool: string;
  readonly #reached: (code: ErrorName, message: string) => void;
  #timeout: Timer | undefined;
  #idle: Timer | undefined;
  #movedMs = performance.now();

  /** `reached` is called once, with what to tell the client. */
  constructor(limits: Config["limits"], tool: string, reached: (code: ErrorName, message: string) => void) {
    this.#limits = limits;
    this.#tool = tool;
    this.#reached = reached;
  }

  /** The tool runs. */
  start(): void {
    const { timeoutMs, idleMs } = this.#limits;
    if (timeoutMs !== undefined) {
      const reached = `${this.#tool} ran for ${timeoutMs} ms, which is limits.timeout, and was ended`;
      this.#timeout = setTimeout(() => this.#reached("time_limit", reached), timeoutMs);
    }
    if (idleMs !== undefined) {
      const reached = `${this.#tool} moved no data for ${idleMs} ms, which is limits.idle, and was ended`;
      const check = (): void => {
        if (performance.now() - this.#movedMs >= idleMs) {
          this.#reached("idle_limit", reached);
        }
      };
      this.#idle = setInterval(check, Math.ceil(idleMs / 4));
    }
  }

  /** Data has moved: every message of the client's says so, for it asks for output as it goes away. */
  moved(): void {
    this.#movedMs = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timeout);
    clearInterval(this.#idle);
  }
}
