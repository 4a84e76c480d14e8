import { randomUUID } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { CLIENT } from "./executables.ts";
import type { PluginProcess } from "./plugin.ts";

/** What a command printed, and how it ended. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

export interface ShellOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly boundMs?: number;
  /** Runs the tool itself instead of the client. */
  readonly direct?: boolean;
}

/** A command that runs; its stdout and stderr are files, for a pipe of Bun's is a socket. */
export interface Running {
  readonly pid: number;
  readonly stdout: () => Promise<string>;
  readonly stderr: () => Promise<string>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly finished: Promise<Outcome>;
}

/** Runs a bash script in which the tool's name means the client (or, with `direct`, the tool itself). */
export async function shell(plugin: PluginProcess, script: string, options: ShellOptions = {}): Promise<Outcome> {
  return await start(plugin, ["bash", "-c", script], options).finished;
}

/** The same script with the tool itself: what has to come out of {@link shell} too. */
export async function shellDirect(plugin: PluginProcess, script: string, options: ShellOptions = {}): Promise<Outcome> {
  return await shell(plugin, script, { ...options, direct: true });
}

/** Runs the client as `plugin-client SOCKET TOOL ARGS…`, with /dev/null as its stdin. */
export async function call(
  plugin: PluginProcess,
  args: readonly string[],
  options: ShellOptions = {},
): Promise<Outcome> {
  return await startCall(plugin, args, options).finished;
}

/** The same, without waiting for its end: `pid` is the client's own. */
export function startCall(plugin: PluginProcess, args: readonly string[], options: ShellOptions = {}): Running {
  return start(plugin, [CLIENT, plugin.socket, plugin.tool, ...args], options);
}

/** Starts any command with the tool's name in its PATH. */
export function start(plugin: PluginProcess, command: readonly string[], options: ShellOptions = {}): Running {
  const { cwd = plugin.workspace, env, boundMs = 20_000, direct = false } = options;
  const base = `${plugin.folder}/${randomUUID().slice(0, 8)}`;
  const [stdout, stderr] = [openSync(`${base}.out`, "w"), openSync(`${base}.err`, "w")];
  const child = Bun.spawn([...command], {
    cwd,
    env: {
      PATH: `${direct ? plugin.direct : plugin.wrappers}:/usr/local/bin:/usr/bin:/bin`,
      HOME: plugin.folder,
      LANG: "C.UTF-8",
      PLUGIN_SOCKETS: `${plugin.folder}/s`,
      CLIENT,
      SOCKET: plugin.socket,
      ...env,
    },
    stdio: ["ignore", stdout, stderr],
  });
  plugin.adopt(child);
  closeSync(stdout);
  closeSync(stderr);
  // A test that has failed leaves nobody to read it, and no folder.
  const read = async (name: string): Promise<string> => await readFile(`${base}.${name}`, "utf8").catch(() => "");
  const finish = async (): Promise<Outcome> => {
    const timer = setTimeout(() => child.kill("SIGKILL"), boundMs);
    await child.exited;
    clearTimeout(timer);
    const status = child.exitCode ?? 128 + signalNumber(String(child.signalCode));
    return { stdout: await read("out"), stderr: await read("err"), status };
  };
  return {
    pid: child.pid,
    stdout: async () => await read("out"),
    stderr: async () => await read("err"),
    kill: (signal) => child.kill(signal),
    finished: finish(),
  };
}

function signalNumber(signal: string): number {
  return { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 }[signal] ?? 0;
}
