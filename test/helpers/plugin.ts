import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { CLIENT, SERVER } from "./executables.ts";
import { descriptorsOf, residentKiB } from "./processes.ts";
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
  readonly #child: Bun.Subprocess;
  readonly #callers = new Set<Bun.Subprocess>();

  constructor(tool: string, folder: string, child: Bun.Subprocess) {
    this.tool = tool;
    this.folder = folder;
    this.socket = `${folder}/s/${tool}.sock`;
    this.workspace = `${folder}/w`;
    this.wrappers = `${folder}/cli`;
    this.direct = `${folder}/real`;
    this.#child = child;
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

  /** Ends it as `stop` of local mode does. */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    return await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await this.stop();
    clearTimeout(timer);
    for (const caller of this.#callers) {
      caller.kill("SIGKILL");
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Starts a plugin and resolves when it listens. */
export async function startPlugin(options: PluginOptions): Promise<PluginProcess> {
  const { tool, exec, stdio, config, env } = options;
  const folder = await realpath(await mkdtemp(`${tmpdir()}/e2e-`));
  for (const name of ["w", "s", "cli", "real"]) {
    await mkdir(`${folder}/${name}`);
  }
  await symlink(CLIENT, `${folder}/cli/${tool}`);
  await symlink(exec ?? Bun.which(tool) ?? "/nonexistent", `${folder}/real/${tool}`);
  const keys = [
    `plugin: "${tool}"`,
    exec === undefined ? "" : `exec: ${exec}`,
    stdio === undefined ? "" : `stdio: ${stdio}`,
  ];
  await writeFile(`${folder}/config.yaml`, [...keys, config ?? ""].join("\n"));
  const child = Bun.spawn([SERVER, "serve", `${folder}/config.yaml`, "--socket", `${folder}/s/${tool}.sock`], {
    cwd: "/",
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: folder, PLUGIN_WORKSPACE: `${folder}/w`, ...env },
    stdio: ["ignore", "ignore", Bun.file(`${folder}/log`)],
  });
  const plugin = new PluginProcess(tool, folder, child);
  await waitFor(`the ${tool} plugin listens`, async () => {
    if (!plugin.isRunning) {
      throw new Error(`The ${tool} plugin has ended:\n${await plugin.log()}`);
    }
    return existsSync(plugin.socket) && (await plugin.events("ready")).length > 0;
  });
  return plugin;
}
