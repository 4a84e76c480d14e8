import { chmod, copyFile, cp, lchown, mkdir, mkdtemp, readdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

import { Terminal } from "../helpers/tmux.ts";
import { TemporaryHome, type Outcome, type RunOptions } from "../scripts/home.ts";

const TOP = resolve(import.meta.dir, "../..");

interface MakeOptions {
  readonly isStandard?: boolean;
  /** Where the home is, below the top. */
  readonly folder?: string;
}

/**
 * An installation in containers with a checkout of its own, so that what is typed there and written there touches no
 * other. Where the tests run as root it belongs to a user who is neither root nor the images' 1000, and that user runs
 * the scripts; elsewhere it belongs to whoever runs the tests.
 */
export class Installation extends TemporaryHome {
  override readonly checkout: string;
  readonly uid: number;
  readonly gid: number;
  readonly #isStandard: boolean;
  /** What comes before a command to make it the owner's. */
  readonly asOwner: readonly string[];

  constructor(top: string, isStandard: boolean, asOwner: readonly string[], folder: string) {
    super(top, true, `${top}/${isStandard ? ".claude-container" : folder}`);
    this.checkout = `${top}/claude-container`;
    this.#isStandard = isStandard;
    this.asOwner = asOwner;
    [this.uid, this.gid] = asOwner.length > 0 ? [UID, GID] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  }

  /**
   * `isStandard`: at `~/.claude-container`, and nothing of it is there yet; else in `folder`, with the executables of
   * dist/.
   */
  static async make({ isStandard = false, folder = "ho me" }: MakeOptions = {}): Promise<Installation> {
    const top = await mkdtemp(`${tmpdir()}/cc-`);
    const home = new Installation(top, isStandard, await becoming(), folder);
    await Promise.all([mkdir(home.bin), mkdir(home.project), copyCheckout(home.checkout)]);
    // Its folder may be closed to the user.
    await copyFile(process.execPath, `${home.bin}/bun`);
    if (!isStandard) {
      await mkdir(home.path("cli"), { recursive: true });
      await mkdir(home.path("bin"));
      await copyFile(`${TOP}/dist/plugin-client`, home.path("cli/plugin-client"));
      await copyFile(`${TOP}/dist/plugin-server`, home.path("bin/plugin-server"));
      await copyFile(`${TOP}/dist/.sources`, home.path("bin/.sources"));
    }
    await home.giveToOwner(top);
    return home;
  }

  /** Runs it as the owner. */
  override async command(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return await super.command([...this.asOwner, ...command], options);
  }

  /** Runs it as whoever runs the tests. */
  async asTester(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return await super.command(command, options);
  }

  /** `docker compose ARGS`, as the owner types it in the checkout. */
  async compose(...args: readonly string[]): Promise<Outcome> {
    return await this.command(["docker", "compose", ...args], { cwd: this.checkout });
  }

  /** A terminal in the project with a shell of the owner's, which waits; `$RUN` is run.sh there. */
  async terminal(): Promise<Terminal> {
    const given = Object.entries({ ...this.environment(), PS1: "$ ", RUN: `${this.checkout}/scripts/run.sh` });
    const env = Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
    const terminal = await Terminal.open([...this.asOwner, "/bin/sh"].join(" "), this.project, env, TYPED_MS);
    await terminal.shows(/^\$/mu);
    return terminal;
  }

  /** A command in the agent's container. */
  async exec(...command: readonly string[]): Promise<Outcome> {
    return await this.run(["exec", "--", ...command]);
  }

  /** Makes a repository with one commit in the project, by way of git's plugin. */
  async makeRepository(subject: string): Promise<void> {
    const config = "git config user.name A && git config user.email a@example.org";
    const made = await this.exec(
      "sh",
      "-c",
      `git init -q && ${config} && git commit -q --allow-empty -m "$1"`,
      "sh",
      subject,
    );
    if (made.status !== 0) {
      throw new Error(`Cannot make a repository: ${made.stderr}`);
    }
  }

  /** Writes a file of the owner's, in place when it is there. */
  async write(path: string, text: string): Promise<void> {
    await writeFile(path, text);
    await lchown(path, this.uid, this.gid);
  }

  override async writeConfig(tool: string, text: string): Promise<void> {
    await this.write(this.path(`config/${tool}.yaml`), text);
  }

  /** Lets `git WORD …` be run, an alias of the project; the default rules refuse one that no rule names. */
  async allowAlias(word: string, value: string): Promise<void> {
    const rules = await Bun.file(this.path("config/git.yaml")).text();
    const rule = `  ordered: [{ match: { command: ${word} }, decision: allow }]`;
    await this.writeConfig("git", rules.replace(/^rules:$/m, `rules:\n${rule}`));
    await this.exec("git", "config", `alias.${word}`, value);
  }

  /** `uid:gid` of a file. */
  async ownerOf(path: string): Promise<string> {
    const { uid, gid } = await stat(path);
    return `${uid}:${gid}`;
  }

  get owner(): string {
    return `${this.uid}:${this.gid}`;
  }

  /** Hands over a folder that the tests have written to. */
  async giveToOwner(folder: string): Promise<void> {
    await lchown(folder, this.uid, this.gid);
    for (const name of await readdir(folder, { recursive: true })) {
      await lchown(`${folder}/${name}`, this.uid, this.gid);
    }
  }

  override environment(): Record<string, string | undefined> {
    const folder = this.#isStandard ? { CLAUDE_CONTAINER_HOME: undefined } : {};
    // What builds keeps its state beside docker's configuration, which is somebody else's.
    return { ...super.environment(), ...folder, BUILDX_CONFIG: `${this.top}/buildx` };
  }
}

/** What is typed goes by way of the engine. */
const TYPED_MS = 30_000;

/** Neither of them is root's or the images' 1000, and they are not each other's. */
const [UID, GID] = [1234, 2345];

/** What comes before a command that the owner runs, who has the one group that may use the engine. */
async function becoming(): Promise<string[]> {
  if (process.getuid?.() !== 0) {
    return [];
  }
  const socket = /^unix:\/\/(.*)$/.exec(process.env["DOCKER_HOST"] ?? "")?.[1] ?? "/var/run/docker.sock";
  const { gid } = await stat(socket);
  return ["setpriv", "--reuid", String(UID), "--regid", String(GID), "--groups", String(gid), "--"];
}

/** What the scripts and the images need of this one, the packages too. */
async function copyCheckout(to: string): Promise<void> {
  const files = ["package.json", "bun.lock", "bunfig.toml", "compose.yaml"];
  const folders = ["client", "docker", "plugins", "scripts", "src"];
  const { dependencies } = (await Bun.file(`${TOP}/package.json`).json()) as { dependencies: object };
  const packages = Object.keys(dependencies).map((name) => `node_modules/${name}`);
  await mkdir(`${to}/node_modules`, { recursive: true });
  await Promise.all(
    [...files, ...folders, ...packages].map(
      async (name) => await cp(`${TOP}/${name}`, `${to}/${name}`, { recursive: true, preserveTimestamps: true }),
    ),
  );
  await writeFile(`${to}/node_modules/.installed`, "");
  await chmod(to, 0o755);
}
