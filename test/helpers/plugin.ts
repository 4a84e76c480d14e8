import { closeSync, openSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { CLIENT, SERVER } from "./executables.ts";
import { descriptorsOf, end, killAllIn, residentKiB } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

/** The two ways for the standard streams; every row of the behaviour table is run over both. */
export const CARRIERS = [
  { carrier: "descriptors", stdio: "auto" },
  { carrier: "frames", stdio: "relay" },
] as const;

export interface PluginOptions {
  readonly tool: string;
  /** The program; without it the plugin looks for one by its name. */
  readonly exec?: string;
  readonly stdio?: "auto" | "relay";
  /** More YAML for the config. */
  readonly config?: string;
  /** The plugin's own environment, beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether people can be asked, at {@link PluginProcess.approvals}. */
  readonly approvals?: boolean;
  /** Whose everything is, where the plugin itself is root's: for tests that run as root. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** One event of the plugin's log. */
export type Event = Readonly<Record<string, unknown>>;

/** A running plugin-server, with a folder of its own that goes away with it. */
export class PluginProcess implements AsyncDisposable {
  readonly tool: string;
  /** A short path: those of sockets end at 107 bytes. */
  readonly folder: string;
  readonly socket: string;
  /** The workspace, which is the only root unless the config says otherwise. */
  readonly workspace: string;
  /** First in PATH, this makes the tool's name mean the client. */
  readonly wrappers: string;
  /** First in PATH, this makes the tool's name mean the tool itself. */
  readonly direct: string;
  readonly #spawn: () => Bun.Subprocess;
  #child: Bun.Subprocess;
  readonly #callers = new Set<Bun.Subprocess>();

  /** `spawn` starts a daemon of it. */
  constructor(tool: string, folder: string, spawn: () => Bun.Subprocess) {
    this.tool = tool;
    this.folder = folder;
    this.socket = `${folder}/s/${tool}.sock`;
    this.workspace = `${folder}/w`;
    this.wrappers = `${folder}/cli`;
    this.direct = `${folder}/real`;
    this.#spawn = spawn;
    this.#child = spawn();
  }

  get config(): string {
    return `${this.folder}/config/${this.tool}.yaml`;
  }

  /** The socket where people answer, in a folder that only the daemon's user may enter. */
  get approvals(): string {
    return `${this.folder}/a/approvals.sock`;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get exited(): Promise<number> {
    return this.#child.exited;
  }

  /** Everything that it has printed so far, on stderr. */
  async log(): Promise<string> {
    return await readFile(`${this.folder}/log`, "utf8");
  }

  async events(event: string): Promise<Event[]> {
    const lines = (await this.log()).split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as Event).filter((entry) => entry["event"] === event);
  }

  /** The carriers of the calls so far. */
  async carriers(): Promise<unknown[]> {
    return (await this.events("session")).map(({ carrier }) => carrier);
  }

  residentMiB(): number {
    return residentKiB(this.pid) / 1024;
  }

  descriptors(): string[] {
    return descriptorsOf(this.pid);
  }

  /** A process that goes away with the plugin's folder, in which it writes. */
  adopt(caller: Bun.Subprocess): void {
    this.#callers.add(caller);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the daemon listens, as the nth of this plugin. */
  async listens(nth = 1): Promise<void> {
    await waitFor(`the ${this.tool} plugin listens`, async () => {
      if (!this.isRunning) {
        throw new Error(`The ${this.tool} plugin has ended:\n${await this.log()}`);
      }
      return (await this.events("ready")).length >= nth;
    });
  }

  /** Starts the next daemon, after the last one has ended. */
  async startNext(): Promise<void> {
    const before = (await this.events("ready")).length;
    this.#child = this.#spawn();
    await this.listens(before + 1);
  }

  /** Ends it as `stop` of local mode does. */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    return await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child);
    for (const caller of this.#callers) {
      caller.kill("SIGKILL");
    }
    // A daemon that was killed has left its tools, and some tests leave what outlives a call.
    await killAllIn(this.workspace);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Starts a plugin and resolves when it listens. */
export async function startPlugin(options: PluginOptions): Promise<PluginProcess> {
  const { tool, exec, stdio, config, env, owner, approvals } = options;
  const folder = await realpath(await mkdtemp(`${tmpdir()}/e2e-`));
  for (const name of ["w", "s", "cli", "real", "config"]) {
    await mkdir(`${folder}/${name}`);
  }
  await symlink(CLIENT, `${folder}/cli/${tool}`);
  await symlink(exec ?? Bun.which(tool) ?? "/nonexistent", `${folder}/real/${tool}`);
  const keys = [
    `plugin: "${tool}"`,
    exec === undefined ? "" : `exec: ${exec}`,
    stdio === undefined ? "" : `stdio: ${stdio}`,
  ];
  const file = `${folder}/config/${tool}.yaml`;
  await writeFile(file, [...keys, config ?? ""].join("\n"));
  await mkdir(`${folder}/a`, { mode: 0o700 });
  const more = [
    ...(owner === undefined ? [] : ["--as-owner"]),
    ...(approvals === true ? ["--approvals", `${folder}/a/approvals.sock`] : []),
  ];
  if (owner !== undefined) {
    await giveAway(folder, owner);
  }
  const plugin = new PluginProcess(tool, folder, () => {
    const log = openSync(`${folder}/log`, "a");
    try {
      return Bun.spawn([SERVER, "serve", file, "--socket", `${folder}/s/${tool}.sock`, ...more], {
        cwd: "/",
        env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: folder, PLUGIN_WORKSPACE: `${folder}/w`, ...env },
        stdio: ["ignore", "ignore", log],
      });
    } finally {
      closeSync(log);
    }
  });
  await plugin.listens();
  return plugin;
}

/** To somebody who alone may enter, as a user's own folders are. */
async function giveAway(folder: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  for (const name of ["", "w", "s", "config"]) {
    await chown(`${folder}/${name}`, uid, gid);
    await chmod(`${folder}/${name}`, 0o700);
  }
}
