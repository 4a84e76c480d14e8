import { chown, copyFile, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

import { waitFor } from "../helpers/wait-for.ts";
import { call, type Attack, type Result, type Situation } from "./adapter.ts";
import { configOf } from "./policy.ts";

/**
 * The plugin and the broker of compose.yaml, for the attack corpus. The broker stays up between the cases and its rules
 * are changed by an edit; the plugin is made anew for each, since each has a workspace of its own. What is not
 * compose's: the client runs beside the containers, and the corpus's server, which listens on this machine's loopback,
 * is carried to the loopback of the broker.
 */
const AGENT = { uid: 54_321, gid: 54_321 };
const TOP = resolve(import.meta.dir, "../..");
const NAME = `attacks-${process.pid}`;

let home: Promise<string> | undefined;
let carried: Promise<void> | undefined;

export async function start(situation: Situation): Promise<{
  exec: (attack: Attack) => Promise<Result>;
  stop: () => Promise<void>;
}> {
  const { ws, workspaceRoot, policy, upstream } = situation;
  const folder = await (home ??= makeHome(upstream.gitToken));
  const server = new URL(upstream.gitUrl);
  await writeFile(`${folder}/config/git.yaml`, configOf(policy, server.host, "/usr/bin/git", "/run/secrets/token"));
  await Bun.$`chown -R ${AGENT.uid}:${AGENT.gid} ${workspaceRoot} ${folder}`.quiet();
  await compose(folder, workspaceRoot, "up", "-d", "--no-deps", "--no-build", "git-broker", "git-plugin");
  await (carried ??= carry(folder, workspaceRoot, Number(server.port)));
  const container = (await compose(folder, workspaceRoot, "ps", "-q", "git-plugin")).trim();
  const user = `${AGENT.uid}:${AGENT.gid}`;
  const ask = ["exec", "--user", user, container, "plugin-server", "health", "/run/plugins/git/git.sock"];
  await waitFor("the plugin answers", async () => Bun.spawnSync(["docker", ...ask]).success, 20_000);
  return {
    exec: async (attack) => await call(attack, `${folder}/sockets/git/git.sock`, true, ws),
    // It must not see the next case's files change under it.
    stop: async () => void (await compose(folder, workspaceRoot, "rm", "-sf", "git-plugin")),
  };
}

async function makeHome(token: string): Promise<string> {
  const folder = await mkdtemp(`${tmpdir()}/atk-home-`);
  for (const name of ["config", "secrets", "sockets/git", "cli", "agent"]) {
    await mkdir(`${folder}/${name}`, { recursive: true, mode: 0o700 });
  }
  await writeFile(`${folder}/secrets/token`, token, { mode: 0o600 });
  await copyFile(`${TOP}/dist/plugin-client`, `${folder}/cli/plugin-client`);
  await chown(folder, AGENT.uid, AGENT.gid);
  process.on("exit", () => {
    Bun.spawnSync(["docker", "rm", "-f", `${NAME}-carrier`]);
    Bun.spawnSync(composeCommand("down", "-v", "-t", "1"), { env: environment(folder, folder) });
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Port `port` of this machine's loopback, under the same address inside the broker's container. */
async function carry(folder: string, workspace: string, port: number): Promise<void> {
  const relay = createServer((from) => {
    const to = connect(port, "127.0.0.1");
    from.pipe(to).pipe(from);
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
  });
  const relayed = await new Promise<number>((done) => {
    relay.listen(0, "0.0.0.0", () => done((relay.address() as { port: number }).port));
  });
  relay.unref();
  const broker = (await compose(folder, workspace, "ps", "-q", "git-broker")).trim();
  const gateway = (
    await docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", `${NAME}_git-egress`)
  ).trim();
  const script = `require("net").createServer(a=>{const b=require("net").connect(${relayed},"${gateway}");a.pipe(b).pipe(a);a.on("error",()=>b.destroy());b.on("error",()=>a.destroy())}).listen(${port},"127.0.0.1")`;
  const place = ["--name", `${NAME}-carrier`, "--network", `container:${broker}`, "--init"];
  await docker("run", "--detach", "--rm", ...place, `oven/bun:${Bun.version}`, "bun", "-e", script);
  await Bun.sleep(1000);
}

async function compose(folder: string, workspace: string, ...args: readonly string[]): Promise<string> {
  return await printed(composeCommand(...args), environment(folder, workspace));
}

async function docker(...args: readonly string[]): Promise<string> {
  return await printed(["docker", ...args], process.env);
}

async function printed(command: readonly string[], env: Record<string, string | undefined>): Promise<string> {
  const child = Bun.spawn([...command], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (status !== 0) {
    throw new Error(`${command.join(" ")} ended with ${status}: ${stderr}`);
  }
  return stdout;
}

function composeCommand(...args: readonly string[]): string[] {
  const files = ["compose.yaml", "docker/compose.git-broker.yaml"].flatMap((file) => ["-f", `${TOP}/${file}`]);
  return ["docker", "compose", "--env-file", "/dev/null", "-p", NAME, ...files, ...args];
}

function environment(folder: string, workspace: string): Record<string, string | undefined> {
  const own = { CLAUDE_CONTAINER_HOME: folder, CLAUDE_PROJECT: workspace, COMPOSE_PROJECT_NAME: NAME };
  return { ...process.env, ...own, CLAUDE_UID: String(AGENT.uid), CLAUDE_GID: String(AGENT.gid) };
}
