import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { CARRIERS, startPlugin, type PluginProcess } from "../helpers/plugin.ts";
import { childrenOf, isAlive } from "../helpers/processes.ts";
import { call, shell, shellDirect, startCall, type Running } from "../helpers/shell.ts";
import { hasTmux, Terminal } from "../helpers/tmux.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor; npm itself takes a third of a second to start, more on a busy machine.
setDefaultTimeout(60_000);

/** How long a start of npm and a script may take. */
const START_MS = 20_000;
const GONE_MS = 5000;

// In the PATH that the test's plugins have.
const isInstalled = Bun.which("npm", { PATH: "/usr/local/bin:/usr/bin:/bin" }) !== null;
if (!isInstalled) {
  console.log("npm is not here: the tests of the npm plugin with the real npm are skipped");
}

const PACKAGE = {
  name: "a",
  version: "1.0.0",
  scripts: {
    test: "node -p 'process.argv.slice(1).join()' --",
    status: "exit 7",
    mode: "node -p process.env.NODE_ENV",
    dev: "node server.mjs",
  },
};

const SERVER = `import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
const server = createServer((request, response) => response.end("served\\n"));
server.listen(0, "127.0.0.1", () => {
  writeFileSync("half", [process.ppid, process.pid, server.address().port].join(" "));
  renameSync("half", "started");
});
process.once("SIGINT", () => console.log("closed") ?? process.exit(0));
`;

/** The npm plugin with its default config, in a workspace with a package; nothing in it asks the network. */
async function startNpm(stdio: "auto" | "relay"): Promise<PluginProcess> {
  const config = await readFile(`${import.meta.dir}/../../plugins/npm/npm.yaml`, "utf8");
  const plugin = await startPlugin({ tool: "npm", stdio, config: config.replace(/^plugin: npm$/mu, "") });
  const files = {
    "package.json": JSON.stringify(PACKAGE),
    "server.mjs": SERVER,
    ".npmrc": "audit=false\nfund=false\noffline=true\nupdate-notifier=false\n",
  };
  await Promise.all(
    Object.entries(files).map(async ([name, text]) => await writeFile(`${plugin.workspace}/${name}`, text)),
  );
  return plugin;
}

/** A dev server that answers, in a call of its own. */
async function startServer(plugin: PluginProcess): Promise<{ running: Running; pids: number[] }> {
  const running = startCall(plugin, ["run", "dev"]);
  return { running, pids: await serverPids(plugin) };
}

/** Waits until the dev server answers: npm, what npm started it with, and itself. */
async function serverPids(plugin: PluginProcess): Promise<number[]> {
  const said = await waitFor("the server is up", () => textOf(`${plugin.workspace}/started`), START_MS);
  const [parent = 0, server = 0, port = 0] = said.split(" ").map(Number);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("served\n");
  return [...childrenOf(plugin.pid), parent, server];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

describe.if(isInstalled).each(CARRIERS)("npm over $carrier", ({ carrier, stdio }) => {
  test("tells its version, runs scripts and tests, and ends with their status, as npm itself does", async () => {
    await using plugin = await startNpm(stdio);
    const script =
      "npm --version; npm run status --silent; echo $?; npm test -- a 'b c' --help; echo $?; npm nonsense; echo $?";
    const direct = await shellDirect(plugin, script, { boundMs: START_MS });
    expect(direct.stdout).toMatch(/^\d+\.\d+\.\d+\S*\n7\n[^]*a,b c,--help\n0\n[^]*1\n$/u);
    expect(await shell(plugin, script, { boundMs: START_MS })).toEqual(direct);
    expect(new Set(await plugin.carriers())).toEqual(new Set([carrier]));
  });

  test("installs a package of the workspace into the workspace", async () => {
    await using plugin = await startNpm(stdio);
    const folder = `${plugin.workspace}/local-package`;
    await mkdir(folder);
    await writeFile(`${folder}/package.json`, '{ "name": "local-package", "version": "1.2.3", "main": "main.js" }');
    await writeFile(`${folder}/main.js`, "module.exports = 'it works';");
    const installed = await call(plugin, ["install", "./local-package"], { boundMs: START_MS });
    expect(installed).toMatchObject({ stderr: "", status: 0 });
    const used = Bun.spawnSync(["node", "-p", "require('local-package')"], { cwd: plugin.workspace });
    expect(used.stdout.toString()).toBe("it works\n");
  });

  test("a dev server ends cleanly by one INT", async () => {
    await using plugin = await startNpm(stdio);
    const { running, pids } = await startServer(plugin);
    running.kill("SIGINT");
    const { stdout, stderr, status } = await running.finished;
    // The server's own end comes first; what npm then makes of it depends on the shell that it started it with.
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/\nclosed\n$/u), stderr: "" });
    expect([0, 130]).toContain(status);
    await waitFor("nothing of it is left", () => !pids.some(isAlive), GONE_MS);
  });

  test("a dev server ends when the client is killed", async () => {
    await using plugin = await startNpm(stdio);
    const { running, pids } = await startServer(plugin);
    running.kill("SIGKILL");
    await waitFor("nothing of it is left", () => !pids.some(isAlive), GONE_MS);
    expect(childrenOf(plugin.pid)).toEqual([]);
  });

  test.skipIf(!hasTmux)("a dev server in a terminal ends cleanly by Ctrl-C", async () => {
    await using plugin = await startNpm(stdio);
    await using terminal = await Terminal.open("/bin/bash --norc --noprofile -i", plugin.workspace, {
      PATH: `${plugin.wrappers}:/usr/local/bin:/usr/bin:/bin`,
      PLUGIN_SOCKETS: `${plugin.folder}/s`,
    });
    await terminal.shows(/[$#]/u);
    await terminal.type("npm run dev");
    const pids = await serverPids(plugin);
    await terminal.press("C-c");
    // The prompt again: what is typed before is the dev server's to read.
    await terminal.shows(/closed\s+\S*[$#]\s*$/u);
    await terminal.type("echo status $?");
    await terminal.shows(/^status (0|130)$/mu);
    await waitFor("nothing of it is left", () => !pids.some(isAlive), GONE_MS);
  });

  test("npm pu is denied by the rule on publish, in one line that names it", async () => {
    await using plugin = await startNpm(stdio);
    const { stdout, stderr, status } = await call(plugin, ["pu"]);
    expect({ stdout, status }).toEqual({ stdout: "", status: 126 });
    expect(stderr).toMatch(
      /^plugin-client: npm publish is denied by rules\.blocked_commands \(npm\.yaml:\d+\)[^\n]*\n$/u,
    );
  });
});

test.if(isInstalled)(
  "npm sees NODE_ENV of the caller, and none of the caller's settings for npm and node",
  async () => {
    await using plugin = await startNpm("auto");
    const env = { NODE_ENV: "of the caller", NODE_OPTIONS: "--no-such-option", npm_config_versions: "true" };
    const { stdout, status } = await call(plugin, ["run", "mode", "--silent"], { env, boundMs: START_MS });
    expect({ stdout, status }).toEqual({ stdout: "of the caller\n", status: 0 });
  },
);
