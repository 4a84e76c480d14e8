import { statSync } from "node:fs";

import type { Config } from "./config.ts";
import { parseConfig, readConfigText } from "./load.ts";
import type { Log } from "./log-line.ts";

/** A file that was written so recently may be written again without its time or size telling so. */
const YOUNG_MS = 50;

/**
 * The config of a running plugin or broker: as its file is now, or, while that is broken, as it last was sound. It is looked at
 * for each call or request, which costs one stat(2): nothing to watch, and no call that a change overtakes.
 */
export class LiveConfig {
  readonly #file: string;
  readonly #log: Log;
  #current: Config;
  #seen: string;
  /** Of the file when it was taken over. */
  #text: string;
  #problem = "";
  #adopt: (config: Config) => void = () => {};

  /** @throws {ConfigError} when the file is broken at the start, where there is nothing to go on with */
  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#seen = stampOf(file);
    this.#text = readConfigText(file);
    this.#current = parseConfig(this.#text, file);
  }

  get current(): Config {
    return this.#current;
  }

  /** Why the file is not what is in use, in one line; empty when it is. */
  get problem(): string {
    return this.#problem;
  }

  /** `adopt` makes use of a changed config, or throws why it cannot be used; then the former one stays. */
  onChange(adopt: (config: Config) => void): void {
    this.#adopt = adopt;
  }

  /** Looks whether the file has changed, and takes it over if it is sound. Never throws. */
  look(): void {
    const stamp = stampOf(this.#file);
    if (stamp === this.#seen) {
      return;
    }
    this.#seen = stamp;
    const before = this.#problem;
    try {
      const text = readConfigText(this.#file);
      if (text === this.#text && before === "") {
        // Only touched; or written a moment ago, and looked at for the second time.
        return;
      }
      this.#text = text;
      const config = parseConfig(text, this.#file);
      this.#adopt(config);
      this.#current = config;
      this.#problem = "";
      this.#log("info", "config_changed", { tool: config.plugin, file: this.#file });
    } catch (error) {
      this.#problem = (error as Error).message.split("\n", 1)[0] ?? "";
      if (this.#problem !== before) {
        this.#log("warn", "config_broken", {
          tool: this.#current.plugin,
          file: this.#file,
          error: (error as Error).message,
        });
      }
    }
  }
}

/** What tells one state of a file from the next, whether it was written in place or replaced by another. */
function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true });
  if (found === undefined) {
    return "none";
  }
  const isYoung = Date.now() - Number(found.mtimeMs) < YOUNG_MS;
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs, isYoung ? performance.now() : ""].join(" ");
}
