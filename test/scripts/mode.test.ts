import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, chown, mkdir, readFile, symlink } from "node:fs/promises";

import { TemporaryHome } from "./home.ts";

setDefaultTimeout(60_000);

const hasDocker = Bun.which("docker") !== null;
const isRoot = process.getuid?.() === 0;

test("start falls back to local mode where no engine answers, and says why", async () => {
  await using home = await TemporaryHome.create();
  const { stdout, stderr, status } = await home.run(["start"]);
  expect({ stderr, status }).toEqual({
    stderr: expect.stringMatching(/^run\.sh: [^\n]+; starting in local mode\n$/),
    status: 0,
  });
  expect(stdout).toContain("isolates nothing");
  expect(await readFile(home.path("run/mode"), "utf8")).toBe("local\n");
});

test("a home keeps to its mode until stop", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start", "--local"]);
  expect(await home.run(["start", "--compose"])).toMatchObject({
    stderr: expect.stringContaining("this home runs in local mode; stop that first"),
    status: 1,
  });
  expect(await home.run(["start"])).toMatchObject({ stderr: "", status: 0 });
  await home.run(["stop"]);
  expect(await Bun.file(home.path("run/mode")).exists()).toBe(false);
});

test("compose mode without the docker command says what to install", async () => {
  await using home = await TemporaryHome.create();
  await mkdir(`${home.top}/bare`);
  for (const name of ["bash", "env", "readlink", "dirname", "mkdir", "cat", "flock"]) {
    const path = Bun.which(name);
    if (path !== null) {
      await symlink(path, `${home.top}/bare/${name}`);
    }
  }
  const { stderr, status } = await home.run(["start", "--compose"], { env: { PATH: `${home.top}/bare` } });
  expect({ stderr, status }).toEqual({
    stderr: expect.stringMatching(/^run\.sh: Cannot find docker: install Docker Engine 20\.10 or later/),
    status: 1,
  });
});

test.skipIf(!hasDocker)("an engine that does not run is named with its socket, and how to start it", async () => {
  await using home = await TemporaryHome.create();
  expect(await home.run(["start", "--compose"])).toMatchObject({
    stderr: expect.stringMatching(/not running: there is no socket .*no-engine\.sock; start it/),
    status: 1,
  });
  // A socket that nobody listens on any more.
  const gone = Bun.spawnSync([process.execPath, "-e", STALE_SOCKET, `${home.top}/stale.sock`]);
  expect(gone.signalCode).toBe("SIGKILL");
  const stale = await home.run(["start", "--compose"], { env: { DOCKER_HOST: `unix://${home.top}/stale.sock` } });
  expect(stale).toMatchObject({ stderr: expect.stringContaining("nobody answers at"), status: 1 });
});

const STALE_SOCKET = `
  Bun.listen({ unix: process.argv[1], socket: { data() {} } });
  process.kill(process.pid, "SIGKILL");
`;

test.skipIf(!hasDocker)("an engine that hangs is given up on after 5 s, and is to be restarted", async () => {
  await using home = await TemporaryHome.create();
  using _ = Bun.listen({ unix: `${home.top}/deaf.sock`, socket: { data: () => {} } });
  const { stderr, status } = await home.run(["start", "--compose"], {
    env: { DOCKER_HOST: `unix://${home.top}/deaf.sock` },
  });
  expect({ stderr, status }).toEqual({
    stderr: `run.sh: The container engine at unix://${home.top}/deaf.sock has not answered for 5 s: restart it\n`,
    status: 1,
  });
});

/** No machine has all of these versions: a program in docker's place answers the two questions for its version. */
const VERSIONS = [
  {
    what: "an engine that is too old",
    engine: "19.03.15",
    compose: "2.26.1",
    says: "Cannot use Docker Engine 19.03.15: 20.10 or later is needed; upgrade it",
  },
  {
    what: "an engine that is a little too old",
    engine: "20.9.9",
    compose: "2.26.1",
    says: "Cannot use Docker Engine 20.9.9: 20.10 or later is needed; upgrade it",
  },
  {
    what: "a Compose that is a little too old",
    engine: "20.10.0",
    compose: "2.19.9",
    says: "Cannot use Compose 2.19.9: 2.20 or later is needed; upgrade its plugin",
  },
  {
    what: "the Compose of before",
    engine: "28.0.1-rc.1",
    compose: "v1.29.2",
    says: "Cannot use Compose v1.29.2: 2.20 or later is needed; upgrade its plugin",
  },
  {
    what: "no Compose",
    engine: "20.10.24",
    compose: "",
    says: "Cannot find docker compose: install the Compose plugin, 2.20 or later (a package is often called docker-compose-plugin or docker-compose-v2)",
  },
  { what: "the oldest engine and Compose", engine: "20.10.0", compose: "v2.20.0", says: "" },
  { what: "versions with more than numbers", engine: "28.0.1-rc.1", compose: "2.20.0-desktop.1", says: "" },
];

test.each(VERSIONS)("$what: Docker Engine $engine, Compose $compose", async (versions) => {
  const { engine, compose, says } = versions;
  await using home = await TemporaryHome.create();
  await home.install();
  const script = `#!/bin/sh
case "$*" in
  "info --format {{.ServerVersion}}") echo ${engine} ;;
  "compose version --short") [ -n "${compose}" ] && echo ${compose} ;;
  *) PATH=\${PATH#*:} exec docker "$@" ;;
esac
`;
  await Bun.write(`${home.bin}/docker`, script);
  await chmod(`${home.bin}/docker`, 0o755);
  const { stdout } = await home.script("install.sh", ["--check"]);
  const row = says === "" ? `✓ engine: Docker Engine ${engine}, Compose ${compose}` : `✗ engine: ${says}`;
  expect(stdout.split("\n")[0]).toBe(row);
  if (says !== "") {
    const install = await home.script("install.sh", ["--compose"]);
    expect(install).toEqual({ stdout: "", stderr: `install.sh: ${says}\n`, status: 1 });
    const run = await home.run(["start", "--compose"]);
    expect(run).toEqual({ stdout: "", stderr: `run.sh: ${says}\n`, status: 1 });
  }
});

test("a home too deep for a socket's path is named with what to do, where no container gives a short one", async () => {
  await using home = await TemporaryHome.create();
  const deep = `${home.top}/${"deep/".repeat(20)}home`;
  const env = { CLAUDE_CONTAINER_HOME: deep };
  await mkdir(deep, { recursive: true });
  await Bun.$`cp -r ${home.path("cli")} ${home.path("bin")} ${deep}`;
  const { status } = await home.run(["start", "--local"], { env });
  expect(status).toBe(1);
  expect(await home.status({ env })).toMatchObject({
    git: {
      state: "failed",
      reason: expect.stringMatching(/more than the 107 .* choose a shorter folder \(CLAUDE_CONTAINER_HOME/),
    },
  });
});

test("claude in local mode runs what AGENT_COMMAND names, with the options behind it", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  const run = await home.run(["claude", "--json", "x y"], { env: { AGENT_COMMAND: "printf [%s]" } });
  expect(run).toEqual({ stdout: "[--json][x y]", stderr: "", status: 0 });
});

test("stop takes the socket away, restart does not", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  expect((await home.run(["restart"])).status).toBe(0);
  expect(await Bun.file(home.path("sockets/git/git.sock")).stat()).toMatchObject({ size: 0 });
  await home.run(["stop"]);
  expect(await Bun.file(home.path("sockets/git/git.sock")).exists()).toBe(false);
});

test("two configs that claim one tool are refused, and both are named", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  for (const text of ["plugin: git\n", "{ plugin: git, rules: {} }\n", '"plugin": "git"\nrules: [\n']) {
    await home.writeConfig("two", text);
    expect(await home.run(["start", "--local"])).toMatchObject({
      stderr: expect.stringContaining('git.yaml and two.yaml both say "plugin: git"'),
      status: 1,
    });
  }
});

test("install.sh --check lists every check, and ends with 1 when one does not hold", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await chmod(home.path("secrets"), 0o755);
  const { stdout, status } = await home.script("install.sh", ["--check", "--project", "/nowhere/at/all"]);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^✗ engine: /m);
  expect(stdout).toMatch(/^✓ owner$/m);
  expect(stdout).toMatch(/^✗ modes: .*secrets is open to others: scripts\/install\.sh closes it$/m);
  expect(stdout).toMatch(/^✗ project: Cannot find the project folder/m);
  expect((await home.install()).stdout).toBe(`install.sh: Closed ${home.path("secrets")} to others\n`);
});

test.skipIf(!isRoot)("a home with files of another user is refused with the command that mends it", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await chown(home.path("config/git.yaml"), 1234, 1234);
  const { stderr, status } = await home.install();
  expect({ stderr, status }).toEqual({
    stderr: expect.stringMatching(/git\.yaml belongs to uid 1234, .*sudo chown -R 0:0 /),
    status: 1,
  });
});
