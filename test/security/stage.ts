import { chmodSync, existsSync, rmSync } from "node:fs";
import {
  chown,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { basename, dirname, resolve } from "node:path";

import { CLIENT } from "../helpers/executables.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { carry, relayPorts, type RelayedPort } from "./carry.ts";
import { composeFile } from "./compose-file.ts";
import { Door } from "./door.ts";
import { gitConfig, npmConfig } from "./policy.ts";
import { measuresOff, type Situation } from "./situation.ts";

const TOP = resolve(import.meta.dir, "../..");
const NAME = `attacks-${process.pid}`;
/** Whose the project is: where that can be, nobody else of this machine. */
const OWNER = process.getuid?.() === 0 ? { uid: 54_321, gid: 54_321 } : { uid: userInfo().uid, gid: userInfo().gid };
const TOOLS = ["git", "npm"] as const;

/**
 * The containers of compose.yaml, set up once for all cases. Each case's folder is moved into one that all containers
 * have as their project, and where it was there is a link to it. What is not compose's: the corpus's servers listen on
 * this machine's loopback, and are carried to that of each container that has a way out, under the same address.
 */
export class Stage {
  /** In the agent's container. */
  readonly #agent: Door;
  readonly #folder: string;
  /** In the containers of the tools. */
  readonly #plugins: ReadonlyMap<string, Door>;

  private constructor(folder: string, agent: Door, plugins: ReadonlyMap<string, Door>) {
    this.#folder = folder;
    this.#agent = agent;
    this.#plugins = plugins;
  }

  /** The first case says where all will be. Builds the images that are not there. */
  static async up(first: Situation): Promise<Stage> {
    const folder = await mkdtemp(`${tmpdir()}/atk-stage-`);
    const base = dirname(first.workspaceRoot);
    for (const name of ["project", "config", "secrets", "sockets/git", "sockets/npm", "cli", "agent", "compose"]) {
      await mkdir(`${folder}/${name}`, { recursive: true, mode: 0o700 });
    }
    chmodSync(folder, 0o755);
    await copyFile(CLIENT, `${folder}/cli/plugin-client`);
    for (const tool of TOOLS) {
      await symlink("plugin-client", `${folder}/cli/${tool}`);
      await symlink(`${tool}/${tool}.sock`, `${folder}/sockets/${tool}.sock`);
    }
    await writeFile(`${folder}/secrets/git_token`, first.upstream.gitToken, { mode: 0o600 });
    await writeFile(`${folder}/secrets/npm_token`, first.upstream.npmToken, { mode: 0o600 });
    await writeFile(`${folder}/compose/attacks.yaml`, composeFile(`${folder}/project`, base));
    await writeConfigs(folder, first);
    await own(folder);
    const compose = composer(folder, base);
    process.on("exit", () => {
      Bun.spawnSync(["docker", "rm", "-f", ...carriers]);
      Bun.spawnSync([...compose.command, "down", "-v", "-t", "1"], { env: compose.env });
      rmSync(folder, { recursive: true, force: true });
    });
    const printed = async (...args: readonly string[]): Promise<string> =>
      await output([...compose.command, ...args], compose.env);
    const services = ["claude", ...TOOLS.flatMap((tool) => [`${tool}-plugin`, ...brokerOf(tool)])];
    await printed("up", "-d", "--build", ...services);
    const idOf = async (service: string): Promise<string> => (await printed("ps", "-q", service)).trim();
    const plugins = new Map<string, string>();
    for (const tool of TOOLS) {
      plugins.set(tool, await idOf(`${tool}-plugin`));
    }
    const carriers: string[] = [];
    const relayed = await relayPorts();
    for (const tool of TOOLS) {
      for (const [service, network] of waysOf(tool)) {
        carriers.push(await carryTo(await idOf(service), `${NAME}_${network}`, relayed));
      }
    }
    const healthy = async (id: string): Promise<boolean> =>
      (await output(["docker", "inspect", "-f", "{{.State.Health.Status}}", id])).trim() === "healthy";
    await waitFor(
      "the plugins answer",
      async () => (await Promise.all(plugins.values().map(healthy))).every(Boolean),
      60_000,
    );
    const agent = new Door(await idOf("claude"), USER, RUN_JOB);
    // The project itself may be somewhere in the containers' /tmp.
    const top = base.split("/").slice(0, 3).join("/");
    const doors = plugins.entries().map(([tool, id]) => [tool, new Door(id, USER, CLEAN, [top])] as const);
    return new Stage(folder, agent, new Map(doors));
  }

  /** Moves a case's folder in, and takes its rules over. */
  async prepare(situation: Situation): Promise<void> {
    const { workspaceRoot, home } = situation;
    const project = `${this.#folder}/project`;
    await Promise.all(
      (await readdir(project)).map(async (name) => await rm(`${project}/${name}`, { recursive: true })),
    );
    const moved = `${project}/${basename(workspaceRoot)}`;
    await rename(workspaceRoot, moved);
    await symlink(moved, workspaceRoot);
    if (measuresOff.has("broker")) {
      await cp(home, `${project}/${basename(home)}`, { recursive: true });
    }
    await own(project);
    await writeConfigs(this.#folder, situation);
  }

  /** Runs a script where the agent is. */
  async asAgent(script: string, stdin: string): Promise<{ code: number; stdout: string; stderr: string }> {
    const job = `${this.#folder}/agent/job`;
    await rm(job, { recursive: true, force: true });
    await mkdir(job);
    await Promise.all([writeFile(`${job}/run`, script), writeFile(`${job}/in`, stdin)]);
    await own(job);
    const code = await this.#agent.ask("/home/claude/.claude/job");
    const [stdout, stderr] = await Promise.all(["out", "err"].map(async (name) => await readFile(`${job}/${name}`)));
    return { code, stdout: String(stdout), stderr: String(stderr) };
  }

  /** Nothing of a case that called this tool is in what the next one sees. */
  async clear(tool: string): Promise<void> {
    await this.#plugins.get(tool)?.ask("");
  }
}

const USER = `${OWNER.uid}:${OWNER.gid}`;
const RUN_JOB = 'sh "$line/run" <"$line/in" >"$line/out" 2>"$line/err"';
const CLEAN = `find /home/tool /tmp /cache -mindepth 1 -maxdepth 1 ! -path "$1" -exec rm -rf {} + 2>/dev/null; :`;

function brokerOf(tool: string): string[] {
  return measuresOff.has("broker") ? [] : [`${tool}-broker`];
}

/** The services that would reach a server of the outside, each with the network by which it would. */
function waysOf(tool: string): [service: string, network: string][] {
  const plugin = `${tool}-plugin`;
  return measuresOff.has("broker")
    ? [[plugin, tool]]
    : [
        [`${tool}-broker`, `${tool}-egress`],
        [plugin, `${tool}-internal`],
      ];
}

/** Returns the name of the container that carries. */
async function carryTo(container: string, network: string, relayed: readonly RelayedPort[]): Promise<string> {
  const format = "{{(index .IPAM.Config 0).Gateway}}";
  const gateway = (await output(["docker", "network", "inspect", "-f", format, network])).trim();
  const name = `${network}-carrier`;
  const place = ["--name", name, "--network", `container:${container}`, "--init"];
  await output(["docker", "run", "--detach", "--rm", ...place, `oven/bun:${Bun.version}`, ...carry(gateway, relayed)]);
  const said = async (): Promise<boolean> => (await output(["docker", "logs", name])).includes("ready");
  await waitFor(`${name} listens`, said, 30_000);
  return name;
}

async function writeConfigs(folder: string, situation: Situation): Promise<void> {
  for (const [tool, text] of [
    ["git", gitConfig(situation)],
    ["npm", npmConfig(situation)],
  ] as const) {
    const file = `${folder}/config/${tool}.yaml`;
    await writeFile(file, text);
    await chown(file, OWNER.uid, OWNER.gid);
  }
}

async function own(folder: string): Promise<void> {
  await output(["chown", "-R", "-h", `${OWNER.uid}:${OWNER.gid}`, folder]);
}

function composer(folder: string, base: string): { command: string[]; env: Record<string, string | undefined> } {
  const brokers = TOOLS.flatMap((tool) => (measuresOff.has("broker") ? [] : [`docker/compose.${tool}-broker.yaml`]));
  const files = ["compose.yaml", ...brokers].map((file) => `${TOP}/${file}`);
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) {
    throw new Error(`Cannot find ${missing}`);
  }
  const all = [...files, `${folder}/compose/attacks.yaml`].flatMap((file) => ["-f", file]);
  const home = { CLAUDE_CONTAINER_HOME: folder, CLAUDE_PROJECT: base, COMPOSE_PROJECT_NAME: NAME };
  const user = { CLAUDE_UID: String(OWNER.uid), CLAUDE_GID: String(OWNER.gid) };
  const command = ["docker", "compose", "--env-file", "/dev/null", "--project-directory", TOP, "-p", NAME, ...all];
  return { command: [...command, "--profile", "npm"], env: { ...process.env, ...home, ...user } };
}

async function output(command: readonly string[], env = process.env): Promise<string> {
  const child = Bun.spawn([...command], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (status !== 0) {
    throw new Error(`${command.join(" ")} ended with ${status}: ${stderr}`);
  }
  return stdout;
}
