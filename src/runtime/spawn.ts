import { existsSync } from "node:fs";
import type { Ending } from "../protocol/plugin-messages.ts";
import type { Identity } from "./identity.ts";

/** Everything that starts one tool. */
export interface Launch {
  /** Absolute path. */
  readonly file: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Undefined: the daemon's own. */
  readonly identity: Identity | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Descriptors of stdin, stdout and stderr; they stay the caller's. */
  readonly stdio: readonly [number, number, number];
  /** Whether stdin is a pseudo-terminal of ours, which becomes the tool's controlling terminal. */
  readonly hasTerminal: boolean;
}

/** A running tool. It leads a process group, and a session, of its own: `pid` names both. */
export interface ToolProcess {
  readonly pid: number;
  readonly ended: Promise<Ending>;
}

const setsid = Bun.which("setsid");

/**
 * The one call to Bun.spawn.
 *
 * @throws whatever the system says when the program cannot be started, with its `code` (ENOENT, EACCES, E2BIG …)
 */
export function spawnTool(launch: Launch): ToolProcess {
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  // Bun makes the tool a session leader but gives it no controlling terminal; setsid(1) does both in the tool's own process.
  const controls = launch.hasTerminal && setsid !== null;
  if (controls && Bun.which(launch.file) === null) {
    // setsid would start and say so in its own words.
    throw Object.assign(new Error(launch.file), { code: existsSync(launch.file) ? "EACCES" : "ENOENT" });
  }
  const options = {
    cwd: launch.cwd,
    env: { ...launch.env },
    stdio: [...launch.stdio] as [number, number, number],
    detached: !controls,
    ...launch.identity,
    onExit: (child: Bun.Subprocess, code: number | null): void => {
      resolve(child.signalCode === null ? { code: code ?? 0 } : { signal: String(child.signalCode) });
    },
  };
  const child = controls
    ? Bun.spawn([setsid, "-c", launch.file, ...launch.args], options)
    : Bun.spawn([launch.file, ...launch.args], { ...options, argv0: launch.name });
  return { pid: child.pid, ended };
}
