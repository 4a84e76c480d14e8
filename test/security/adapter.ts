import { closeSync, openSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";

import { CLIENT, SERVER } from "../helpers/executables.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { configOf, type CasePolicy } from "./policy.ts";

/** What the runner of the attack corpus says of one case. */
export interface Situation {
  readonly bins: { readonly git: string };
  readonly policy: CasePolicy;
  /** Folder of the workspace, and the folder above it. */
  readonly ws: string;
  readonly workspaceRoot: string;
  /** Where what the agent should not see lies. */
  readonly home: string;
  readonly upstream: { readonly gitUrl: string; readonly gitToken: string };
}

export interface Attack {
  readonly tool: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin: string;
  readonly tty?: boolean;
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly denied: boolean;
}

/**
 * How much of what containers do is there, from ATTACK_ISOLATION: `none`, local mode; `uid`, the tool runs as another
 * user than the plugin and the broker; `net`, and in a network where only the broker can be reached. The latter two take
 * root, and stand for compose: each lets one see what that one measure closes.
 */
const isolation = process.env["ATTACK_ISOLATION"] ?? "none";
const AGENT = { uid: 54_321, gid: 54_321 };
const PATH = "/usr/local/bin:/usr/bin:/bin";
const BROKER_PORT = 18_080;

/** Starts the real plugin and the real broker as processes, and calls them by the real client. */
export async function start(situation: Situation): Promise<{
  exec: (attack: Attack) => Promise<Result>;
  stop: () => Promise<void>;
}> {
  const { ws, workspaceRoot, home, bins, policy, upstream } = situation;
  const folder = await mkdtemp(`${tmpdir()}/atk-`);
  const isSplit = isolation !== "none";
  await mkdir(`${folder}/own`, { mode: 0o700 });
  await mkdir(`${folder}/sockets`);
  await mkdir(`${folder}/tool-home`);
  await writeFile(`${folder}/tool-home/.gitconfig`, "[user]\n\tname = plugin\n\temail = plugin@example.com\n");
  await writeFile(`${folder}/own/token`, upstream.gitToken, { mode: 0o600 });
  const config = configOf(policy, new URL(upstream.gitUrl).host, bins.git, `${folder}/own/token`);
  await writeFile(`${folder}/git.yaml`, config);
  if (isSplit) {
    await chmod(folder, 0o755);
    await chmod(home, 0o700);
    await Bun.$`chown -R ${AGENT.uid}:${AGENT.gid} ${workspaceRoot}`.quiet();
    for (const name of ["sockets", "tool-home"]) {
      await chown(`${folder}/${name}`, AGENT.uid, AGENT.gid);
    }
  }
  const logged = (name: string, command: readonly string[], env: Record<string, string>): Bun.Subprocess => {
    const log = openSync(`${folder}/own/${name}.log`, "a");
    try {
      const own = { PATH, HOME: `${folder}/own`, TMPDIR: `${folder}/own`, ...env };
      return Bun.spawn([...command], { cwd: "/", env: own, stdio: ["ignore", "ignore", log] });
    } finally {
      closeSync(log);
    }
  };
  const saying = async (name: string, pattern: RegExp): Promise<string> =>
    await waitFor(
      `the ${name} says ${pattern}`,
      async () => pattern.exec(await readFile(`${folder}/own/${name}.log`, "utf8"))?.[1],
    );

  const broker = logged("broker", [SERVER, "broker", `${folder}/git.yaml`, "--listen", "127.0.0.1:0"], {});
  let url = await saying("broker", /is ready at (\S+)/);
  const carrier = isolation === "net" ? await carry(`${folder}/own/broker.sock`, new URL(url)) : undefined;
  const serve = [SERVER, "serve", `${folder}/git.yaml`, "--socket", `${folder}/sockets/git.sock`];
  const command = [...serve, ...(isSplit ? ["--as-owner"] : [])];
  const forward = [process.execPath, `${import.meta.dir}/forward.ts`, `${folder}/own/broker.sock`, String(BROKER_PORT)];
  if (carrier !== undefined) {
    url = `http://127.0.0.1:${BROKER_PORT}`;
  }
  const plugin = logged(
    "plugin",
    carrier === undefined ? command : ["unshare", "-n", "sh", "-c", IN_OWN_NETWORK, "sh", ...forward, "--", ...command],
    { PLUGIN_WORKSPACE: workspaceRoot, PLUGIN_BROKER: url, HOME: `${folder}/tool-home`, TMPDIR: "/tmp" },
  );
  await saying("plugin", /is ready at (\S+)/);
  return {
    exec: async (attack) => await call(attack, `${folder}/sockets/git.sock`, isSplit, ws),
    stop: async () => {
      plugin.kill("SIGTERM");
      broker.kill("SIGTERM");
      await Promise.all([plugin.exited, broker.exited]);
      carrier?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// Words up to -- are the forwarder, which ends with the plugin; the rest is the plugin.
const IN_OWN_NETWORK =
  'ip link set lo up; "$1" "$2" "$3" "$4" & f=$!; shift 5; "$@" & p=$!; trap "kill $p" TERM; wait $p; wait $p 2>/dev/null; kill $f';

/** The broker's address as a Unix socket, which can be reached from another network. */
async function carry(path: string, url: URL): Promise<ReturnType<typeof createServer>> {
  const server = createServer((from) => {
    const to = connect(Number(url.port), url.hostname);
    from.pipe(to).pipe(from);
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(path, () => resolve());
  });
  return server;
}

const CALL_MS = 25_000;

/** One call by the real client. */
export async function call(attack: Attack, socket: string, isSplit: boolean, ws: string): Promise<Result> {
  if (attack.tool !== "git") {
    throw new Error("This adapter has git only");
  }
  const client = [CLIENT, socket, "git", ...attack.argv];
  const quoted = client.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const command = attack.tty === true ? ["/usr/bin/script", "-qec", quoted, "/dev/null"] : client;
  const child = Bun.spawn(command, {
    // An agent that may not enter a folder cannot call from it.
    cwd: await Bun.$`test -d ${attack.cwd}`.quiet().then(
      () => (isSplit && !attack.cwd.startsWith(ws) ? ws : attack.cwd),
      () => ws,
    ),
    env: { PATH, HOME: "/nonexistent", LANG: "C.UTF-8", ...attack.env },
    stdio: [new Blob([attack.stdin]), "pipe", "pipe"],
    ...(isSplit ? AGENT : {}),
    timeout: CALL_MS,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr, denied: code === 126 };
}
