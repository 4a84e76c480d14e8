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
