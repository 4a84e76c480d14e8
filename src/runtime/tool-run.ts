import type { Open } from "../protocol/client-messages.ts";
import type { SignalName } from "../protocol/constants.ts";
import type { Ending } from "../protocol/plugin-messages.ts";
import type { Host } from "./host.ts";
import type { PassedStreams } from "./passed.ts";
import { prepare } from "./prepare.ts";
import { signalProcess, ticksNow } from "./processes.ts";
import { spawnTool } from "./spawn.ts";
import type { Streams } from "./streams.ts";
import { terminate } from "./terminate.ts";
import type { Family } from "./terminate.ts";

/** What ends a tool that has not started yet. */
export const ENDING_SIGNALS: ReadonlySet<SignalName> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]);

/** Why a tool did not start: `ENOENT` when it is not installed, or what else the system said. */
export class NotStarted extends Error {
  override readonly name = "NotStarted";
  readonly code: string;
  readonly file: string;

  constructor(file: string, cause: unknown) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    super(`Cannot start ${file}: ${code}`, { cause });
    this.code = code;
    this.file = file;
  }
}

/** The tool of one session while it runs, and the way to its end. */
export class ToolRun {
  readonly ended: Promise<Ending>;
  readonly #host: Host;
  readonly #family: Family;
  #terminating: Promise<void> | undefined;

  /**
   * Starts the tool on the streams of a carrier, which are handed over to it in any case.
   *
   * @throws {NotStarted}
   */
  static start(host: Host, open: Open, cwd: string, mark: string, streams: Streams | PassedStreams): ToolRun {
    const { plugin, identity } = host;
    const { file, env } = prepare(host, open, mark);
    const bornAfterTicks = ticksNow();
    try {
      if (file === undefined) {
        throw Object.assign(new Error("not found"), { code: "ENOENT" });
      }
      const { stdio, hasTerminal } = streams;
      const tool = spawnTool({ file, name: plugin.name, args: open.args, cwd, identity, env, stdio, hasTerminal });
      return new ToolRun(host, { tool, mark, bornAfterTicks });
    } catch (cause) {
      throw new NotStarted(file ?? plugin.name, cause);
    } finally {
      streams.handOver();
    }
  }

  private constructor(host: Host, family: Family) {
    this.#host = host;
    this.#family = family;
    const { pid, ended } = family.tool;
    host.tools.set(pid, family.mark);
    this.ended = ended.finally(() => host.tools.delete(pid));
  }

  /** SIGTSTP would be ignored by a group that no shell looks after, so the group is stopped for certain. */
  signal(signal: SignalName): void {
    signalProcess(-this.#family.tool.pid, signal === "SIGTSTP" ? "SIGSTOP" : signal);
  }

  /** Ends the tool and what came of it; once, however often it is asked for. */
  terminate(): Promise<void> {
    this.#terminating ??= terminate(this.#family, this.#host.config.limits.graceMs, this.#host.tools);
    return this.#terminating;
  }

  /** Whether the tool is being ended, or was. */
  get isTerminating(): boolean {
    return this.#terminating !== undefined;
  }
}
