import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Refusal, type Exchange } from "../../../src/broker/plugin.ts";
import type { Repository } from "./route.ts";
import type { Command } from "./update-request.ts";

/**
 * The broker's own copy of a repository, in which it is looked up whether a push is a fast-forward. The agent's
 * repository could not tell: grafts and forged objects in it say what the agent wants.
 */
export class Mirror {
  readonly #folder: string;
  readonly #url: string;
  readonly #exchange: Exchange;

  /** The copy of a repository as the upstream has it now. @throws {Refusal} `verify_fast_forward` */
  static async fetched(exchange: Exchange, { host, path }: Repository, idLength: number): Promise<Mirror> {
    const name = createHash("sha256")
      .update(`${idLength} ${host}/${path.replace(/\.git$/, "")}`)
      .digest("hex");
    const url = `http://${host}/${path}`;
    const mirror = new Mirror(join(mirrors(), name), url, exchange);
    // One fetch at a time writes to it.
    const before = fetching.get(name) ?? Promise.resolve();
    const now = before.catch(() => {}).then(async () => mirror.#fetch(idLength));
    fetching.set(name, now);
    await now;
    return mirror;
  }

  private constructor(folder: string, url: string, exchange: Exchange) {
    this.#folder = folder;
    this.#url = url;
    this.#exchange = exchange;
  }

  /**
   * Of these commands, those whose new commit has the old one as an ancestor, with the objects of the pack in a file
   * looked at in a folder of their own. Whatever cannot be proved is none.
   */
  async fastForwards(commands: readonly Command[], packFile: string): Promise<ReadonlySet<Command>> {
    const quarantine = await mkdtemp(join(this.#folder, "quarantine-"));
    try {
      const env = {
        GIT_OBJECT_DIRECTORY: quarantine,
        GIT_ALTERNATE_OBJECT_DIRECTORIES: join(this.#folder, "objects"),
      };
      const pack = Bun.file(packFile);
      if (pack.size > 0 && (await this.#git(["index-pack", "--stdin", "--fix-thin"], env, pack)) !== 0) {
        return new Set();
      }
      const proved = new Set<Command>();
      for (const command of commands) {
        if ((await this.#git(["merge-base", "--is-ancestor", command.before, command.after], env)) === 0) {
          proved.add(command);
        }
      }
      return proved;
    } finally {
      await rm(quarantine, { recursive: true, force: true });
    }
  }

  async #fetch(idLength: number): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const format = `--object-format=${idLength === 64 ? "sha256" : "sha1"}`;
    const init = await this.#git(["init", "-q", "--bare", format, "."], {});
    // By way of this very broker, which adds the credential: no other program needs to know it.
    const branches = "+refs/heads/*:refs/heads/*";
    const fetch = ["fetch", "-q", "--prune", "--no-tags", "--no-auto-gc", "--no-write-fetch-head", this.#url, branches];
    if (init !== 0 || (await this.#git(fetch, {})) !== 0) {
      throw new Refusal(
        502,
        "verify_fast_forward",
        "plugin policy: whether this is a fast-forward cannot be looked up: the broker could not fetch the repository",
      );
    }
  }

  /** The status that git ended with. */
  async #git(args: readonly string[], env: Readonly<Record<string, string>>, stdin?: Bun.BunFile): Promise<number> {
    const command = ["git", ...SETTINGS, "-c", `http.proxy=${this.#exchange.self}`, ...args];
    // A small pack can say that it has an object of many gigabytes, which git would make room for.
    const isBounded = "GIT_OBJECT_DIRECTORY" in env;
    const child = Bun.spawn(isBounded ? ["/bin/sh", "-c", BOUNDED, "sh", ...command] : command, {
      cwd: this.#folder,
      env: { ...ENVIRONMENT, PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: this.#folder, ...env },
      stdio: [stdin ?? "ignore", "ignore", "ignore"],
      signal: this.#exchange.signal,
      killSignal: "SIGKILL",
    });
    return await child.exited;
  }
}

const fetching = new Map<string, Promise<void>>();
let ownFolder: string | undefined;

/** A folder that outlives the broker if there is one for it, else one that is this process's own. */
function mirrors(): string {
  const kept = process.env["PLUGIN_MIRRORS"];
  if (kept !== undefined) {
    mkdirSync(kept, { recursive: true, mode: 0o700 });
    return kept;
  }
  ownFolder ??= mkdtempSync(join(tmpdir(), "git-broker-"));
  return ownFolder;
}

const SETTINGS = [
  "gc.auto=0",
  "maintenance.auto=false",
  "core.hooksPath=/dev/null",
  // Only what the objects themselves say counts.
  "core.commitGraph=false",
  "core.useReplaceRefs=false",
  // Larger objects are not held in memory.
  "core.bigFileThreshold=8m",
  "pack.threads=1",
  "core.packedGitWindowSize=32m",
  "core.packedGitLimit=256m",
  "credential.helper=",
  "http.followRedirects=false",
].flatMap((setting) => ["-c", setting]);

/** In KiB, of address space. */
const BOUNDED = 'ulimit -v 2097152; exec "$@"';

const ENVIRONMENT = {
  GIT_DIR: ".",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ALLOW_PROTOCOL: "http",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_NO_LAZY_FETCH: "1",
};
