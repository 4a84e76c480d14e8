import { existsSync } from "node:fs";
import { copyFile, link, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

const TOP = resolve(import.meta.dir, "../..");

/** What a command printed, and how it ended. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** What `status --json` says of a plugin. */
export interface Status {
  readonly state: string;
  readonly pid: number | null;
  readonly reason: string | null;
  readonly carrier: string | null;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
}

/**
 * An installation of its own: an empty HOME, a CLAUDE_CONTAINER_HOME with a space in its path, and a folder with programs first in PATH.
 * No engine answers to it, whatever this machine has, so that its scripts choose local mode; unless it is made for one.
 */
export class TemporaryHome implements AsyncDisposable {
  /** The top of everything here, as short as a path can be: those of sockets end at 107 bytes. */
  readonly top: string;
  readonly folder: string;
  readonly project: string;
  /** First in PATH. */
  readonly bin: string;
  /** Whose scripts these are. */
  readonly checkout: string = TOP;
  readonly #engine: boolean;

  constructor(top: string, engine: boolean, folder: string = `${top}/ho me`) {
    this.top = top;
    this.#engine = engine;
    this.folder = folder;
    this.project = `${top}/pro ject`;
    this.bin = `${top}/bin`;
  }

  /** With the executables of dist/, so that install.sh has nothing to build as long as they are of these sources. */
  static async create({ engine = false }: { readonly engine?: boolean } = {}): Promise<TemporaryHome> {
    const home = new TemporaryHome(await mkdtemp(`${tmpdir()}/cc-`), engine);
    await mkdir(home.bin);
    await mkdir(home.project);
    await symlink(process.execPath, `${home.bin}/bun`);
    await mkdir(`${home.folder}/cli`, { recursive: true });
    await mkdir(`${home.folder}/bin`);
    await share(`${TOP}/dist/plugin-client`, `${home.folder}/cli/plugin-client`);
    await share(`${TOP}/dist/plugin-server`, `${home.folder}/bin/plugin-server`);
    await share(`${TOP}/dist/.sources`, `${home.folder}/bin/.sources`);
    return home;
  }

  async install(options: RunOptions = {}): Promise<Outcome> {
    return await this.script("install.sh", [], options);
  }

  /** `scripts/run.sh ARGS`, in the project unless told otherwise. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return await this.script("run.sh", args, options);
  }

  async script(name: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return await this.command([`${this.checkout}/scripts/${name}`, ...args], options);
  }

  /** Any command, with what this installation has in the environment. */
  async command(command: readonly string[], { cwd, env, stdin }: RunOptions = {}): Promise<Outcome> {
    const child = Bun.spawn([...command], {
      cwd: cwd ?? this.project,
      env: { ...this.environment(), ...env },
      stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { stdout, stderr, status };
  }

  /** The status of each plugin by its tool, as `status --json` says it. */
  async status(options: RunOptions = {}): Promise<Record<string, Status>> {
    const { stdout } = await this.run(["status", "--json"], options);
    const { plugins } = JSON.parse(stdout);
    return Object.fromEntries(plugins.map((plugin: { tool: string }) => [plugin.tool, plugin]));
  }

  /** What the engine answers; with `engine: true` only. */
  async docker(...args: readonly string[]): Promise<string> {
    return await new Response(
      Bun.spawn(["docker", ...args], { env: this.environment(), stderr: "inherit" }).stdout,
    ).text();
  }

  /** Id of the container of a service. */
  async container(service: string): Promise<string> {
    const labels = [`project=${await this.composeProject()}`, `service=${service}`];
    const filters = labels.flatMap((label) => ["--filter", `label=com.docker.compose.${label}`]);
    return (await this.docker("ps", "-aq", ...filters)).trim();
  }

  async composeProject(): Promise<string> {
    const text = await Bun.file(this.path("compose.env")).text();
    return /^COMPOSE_PROJECT_NAME="(.*)"$/m.exec(text)?.[1] ?? "";
  }

  async pidOf(tool: string): Promise<number> {
    return (await this.status())[tool]?.pid ?? -1;
  }

  async writeConfig(tool: string, text: string): Promise<void> {
    await Bun.write(`${this.folder}/config/${tool}.yaml`, text);
  }

  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  environment(): Record<string, string | undefined> {
    return {
      PATH: `${this.bin}:${process.env["PATH"]}`,
      HOME: this.top,
      CLAUDE_CONTAINER_HOME: this.folder,
      LANG: "C.UTF-8",
      ...(this.#engine ? engineEnvironment() : { DOCKER_HOST: `unix://${this.top}/no-engine.sock` }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(["stop"], { cwd: "/" });
    if (this.#engine && existsSync(this.path("compose.env"))) {
      await this.#removeVolumes();
      await this.#removeCopy();
    }
    await rm(this.top, { recursive: true });
  }

  /** `stop` keeps them: caches are the user's. */
  async #removeVolumes(): Promise<void> {
    const label = `label=com.docker.compose.project=${await this.composeProject()}`;
    const volumes = (await this.docker("volume", "ls", "-q", "--filter", label)).split("\n").filter(Boolean);
    if (volumes.length > 0) {
      await this.docker("volume", "rm", ...volumes);
    }
  }

  /** The `.env` in the checkout, when it is this installation's. */
  async #removeCopy(): Promise<void> {
    const copy = Bun.file(`${this.checkout}/.env`);
    if ((await copy.exists()) && (await copy.text()).includes(`CLAUDE_CONTAINER_HOME="${this.folder}"\n`)) {
      await copy.delete();
    }
  }
}

/** A repository with one commit at the top of the project. */
export async function makeRepository(folder: string, subject: string): Promise<void> {
  const identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
  for (const args of [
    ["init", "-q"],
    [...identity, "commit", "-q", "--allow-empty", "-m", subject],
  ]) {
    const made = Bun.spawnSync(["git", "-C", folder, ...args], { stderr: "inherit" });
    if (!made.success) {
      throw new Error(`Cannot make a repository in "${folder}": git ${args.join(" ")} exited with ${made.exitCode}`);
    }
  }
}

/** Which engine, and which of the images' versions: what a test of several checkouts on one engine sets. */
function engineEnvironment(): Record<string, string | undefined> {
  const names = [
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_BUILDKIT",
    "BUILDX_CONFIG",
    "CLAUDE_CONTAINER_VERSION",
  ];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

async function share(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    // Another file system.
    await copyFile(from, to);
  }
}
