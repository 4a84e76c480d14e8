import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readFile, rm, symlink } from "node:fs/promises";

import { waitFor } from "../helpers/wait-for.ts";
import { makeRepository, TemporaryHome } from "./home.ts";

setDefaultTimeout(60_000);

const ECHO = "plugin: hello\nexec: /bin/echo\n";

test("start, status, exec and stop work on a real repository in an empty home", async () => {
  await using home = await TemporaryHome.create();
  await makeRepository(home.project, "first words");
  const started = await home.run(["start", "--local", "--project", home.project], { cwd: "/" });
  expect({ status: started.status, stderr: started.stderr }).toEqual({ status: 0, stderr: "" });
  expect(started.stdout).toMatch(/^TOOL +STATE +PID +SINCE +SESSIONS +CARRIER +REASON\ngit +ready +\d+ /m);
  expect(started.stdout).toContain("isolates nothing");

  const log = await home.run(["exec", "--", "git", "-C", home.project, "log", "-1", "--format=%s"], { cwd: "/" });
  expect(log).toEqual({ stdout: "first words\n", stderr: "", status: 0 });

  expect(await home.run(["stop"])).toEqual({ stdout: "Stopped git\n", stderr: "", status: 0 });
  expect(await home.status()).toMatchObject({ git: { state: "down", pid: null } });
});

test("exec sends git to the plugin, where the rules hold", async () => {
  await using home = await TemporaryHome.create();
  await makeRepository(home.project, "x");
  await home.run(["start"]);
  const { stderr, status } = await home.run(["exec", "git", "push"]);
  expect({ stderr, status }).toEqual({ stderr: expect.stringMatching(/^plugin-client: /), status: 126 });
});

test("status --json is one object with the mode and, for each plugin, the ten fields", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  const { stdout, status } = await home.run(["status", "--json"]);
  expect(JSON.parse(stdout)).toStrictEqual({
    mode: "local",
    plugins: [
      {
        tool: "git",
        state: "ready",
        socket: home.path("sockets/git/git.sock"),
        pid: expect.any(Number),
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        sessions: 0,
        questions: 0,
        carrier: null,
        reason: null,
        next: null,
      },
    ],
  });
  expect(status).toBe(0);
});

test("status before the first start says that nothing is there, and exits with 1", async () => {
  await using home = await TemporaryHome.create();
  expect((await home.run(["status"])).status).toBe(1);
  expect(await home.run(["status", "--json"])).toEqual({
    stdout: '{"mode":"local","plugins":[]}\n',
    stderr: "",
    status: 1,
  });
});

test("start keeps what runs, from the same daemon, also when two start at once", async () => {
  await using home = await TemporaryHome.create();
  const both = await Promise.all([home.run(["start"]), home.run(["start"])]);
  expect(both.map(({ status }) => status)).toEqual([0, 0]);
  const pid = await home.pidOf("git");
  expect((await home.run(["start"])).stdout).toContain(` ${pid} `);
  const log = await readFile(home.path("logs/git.log"), "utf8");
  expect(log.split("\n").filter((line) => line.includes("is ready"))).toHaveLength(1);
});

test("a broken config of one tool keeps no other from starting, and its place is the reason", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await home.writeConfig("hello", "plugin: hello\nnonsense: 1\n");
  const { status, stdout } = await home.run(["start"]);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^hello +failed .*hello\.yaml:2:1: /m);
  expect(await home.status()).toMatchObject({
    git: { state: "ready" },
    hello: { state: "failed", pid: null, reason: expect.stringContaining("hello.yaml:2:1") },
  });
});

test("a tool that comes as a config while others run is there after the next start", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  const pid = await home.pidOf("git");
  await home.writeConfig("hello", ECHO);
  expect((await home.run(["start"])).status).toBe(0);
  expect((await home.run(["exec", "hello", "a  b", ""])).stdout).toBe("a  b \n");
  expect(await home.pidOf("git")).toBe(pid);
});

test("restart TOOL restarts that one alone", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await home.writeConfig("hello", ECHO);
  await home.run(["start"]);
  const before = await home.status();
  expect((await home.run(["restart", "hello"], { cwd: "/" })).status).toBe(0);
  const after = await home.status();
  expect(after["git"]).toEqual(before["git"]);
  expect(after["hello"]).toMatchObject({ state: "ready" });
  expect(after["hello"]?.pid).not.toBe(before["hello"]?.pid);
});

test("restart while four callers call loses no call", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  const caller =
    'calls=0; until [[ -e enough ]]; do git --version >/dev/null || exit 1; calls=$((calls + 1)); echo . >>marks; done; echo "$calls"';
  const callers = Array.from({ length: 4 }, async () => await home.run(["exec", "--", "bash", "-c", caller]));
  const marks = Bun.file(`${home.project}/marks`);
  for (let round = 0; round < 3; round += 1) {
    const before = marks.size;
    await waitFor(
      "calls are answered",
      async () => (await marks.exists()) && Bun.file(`${home.project}/marks`).size > before + 16,
    );
    expect((await home.run(["restart", "git"])).status).toBe(0);
  }
  await Bun.write(`${home.project}/enough`, "");
  for (const { stderr, status } of await Promise.all(callers)) {
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  }
});

test("restart with a broken config leaves the plugin running, and shows the error", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  const pid = await home.pidOf("git");
  await home.writeConfig("git", "plugin: git\nnonsense: 1\n");
  const { stderr, status } = await home.run(["restart", "git"]);
  expect({ stderr, status }).toEqual({ stderr: expect.stringContaining("git.yaml:2:1"), status: 1 });
  expect(await home.pidOf("git")).toBe(pid);
});

test("restart from inside exec keeps our own client out of the PATH of the tools", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await home.writeConfig("environment", "plugin: environment\nexec: /usr/bin/env\n");
  await home.run(["start"]);
  const runSh = `${import.meta.dir}/../../scripts/run.sh`;
  expect((await home.run(["exec", runSh, "restart"])).status).toBe(0);
  const { stdout } = await home.run(["exec", "environment"]);
  expect(stdout).toMatch(/^PATH=/m);
  expect(stdout).not.toContain(home.path("cli"));
});

test("a tool makes files with the umask of whoever called start", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await home.writeConfig("mask", "plugin: mask\nexec: /bin/sh\n");
  await home.run(["start"]);
  const { stdout } = await home.run(["exec", "mask", "-c", "umask"]);
  expect(Number.parseInt(stdout, 8)).toBe(process.umask());
});

test("start for another project is refused with what to do, and changes nothing", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  const { stderr, status } = await home.run(["start", "--project", home.top]);
  expect({ stderr, status }).toEqual({
    stderr: expect.stringMatching(/stop that first .* or set CLAUDE_CONTAINER_HOME/),
    status: 1,
  });
  expect(await home.status()).toMatchObject({ git: { state: "ready" } });
});

test.each(["start", "restart"])(
  "%s from a folder that is gone says so; from a link it means the folder",
  async (verb) => {
    await using home = await TemporaryHome.create();
    const runSh = `${import.meta.dir}/../../scripts/run.sh`;
    const gone = Bun.spawnSync(["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$1"', runSh, verb], {
      cwd: home.top,
      env: home.environment(),
    });
    expect({ status: gone.exitCode, stderr: gone.stderr.toString() }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^run\.sh: Cannot find the current folder [^\n]+\n$/m),
    });
    await symlink(home.project, `${home.top}/alias`);
    expect((await home.run([verb], { cwd: `${home.top}/alias` })).status).toBe(0);
    expect((await home.run(["start", "--project", home.project])).status).toBe(0);
  },
);

test("restart --project moves all plugins to another project", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  await mkdir(`${home.top}/other`);
  expect((await home.run(["restart", "--project", `${home.top}/other`])).status).toBe(0);
  expect((await home.run(["exec", "pwd"])).stdout).toBe(`${home.top}/other\n`);
});

test("a daemon that was killed is shown as failed, and the next start brings it back", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  process.kill(await home.pidOf("git"), "SIGKILL");
  expect(await home.status()).toMatchObject({ git: { state: "failed", pid: null } });
  expect((await home.run(["start"])).status).toBe(0);
});

test("a pid that was given to another process since is never signalled", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  const record = await Bun.file(home.path("run/git.json")).json();
  process.kill(record.pid, "SIGKILL");
  await using bystander = Bun.spawn(["sleep", "1000"]);
  await Bun.write(home.path("run/git.json"), JSON.stringify({ ...record, pid: bystander.pid }));
  expect(await home.status()).toMatchObject({ git: { state: "failed", pid: null } });
  expect((await home.run(["stop"])).status).toBe(0);
  expect(bystander.exitCode).toBeNull();
  expect((await home.run(["start"])).status).toBe(0);
});

test("stop twice, and stop of what was never started, is no error", async () => {
  await using home = await TemporaryHome.create();
  expect(await home.run(["stop"])).toEqual({ stdout: "Nothing runs\n", stderr: "", status: 0 });
  await home.run(["start"]);
  await home.run(["stop"]);
  expect(await home.run(["stop"])).toEqual({ stdout: "Nothing runs\n", stderr: "", status: 0 });
});

test("logs prints what the plugin wrote", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["start"]);
  expect((await home.run(["logs", "git"])).stdout).toContain("git is ready at");
  expect(await home.run(["logs", "../run/lock"])).toMatchObject({ status: 2 });
  expect(await home.run(["logs", "nothing"])).toMatchObject({ status: 1 });
});

test("no code of the folder that it is called from runs in run.sh", async () => {
  await using home = await TemporaryHome.create();
  await Bun.write(`${home.project}/bunfig.toml`, 'preload = ["./mine.ts"]\n');
  await Bun.write(`${home.project}/mine.ts`, `await Bun.write(${JSON.stringify(`${home.top}/ran`)}, "");`);
  for (const args of [["start"], ["status"], ["exec", "true"], ["restart"], ["stop"]]) {
    expect(await home.run(args)).toMatchObject({ status: 0 });
  }
  expect(await Bun.file(`${home.top}/ran`).exists()).toBe(false);
});

test("a call through a symlink to run.sh works as well", async () => {
  await using home = await TemporaryHome.create();
  await symlink(`${import.meta.dir}/../../scripts/run.sh`, `${home.bin}/cc`);
  const started = Bun.spawn([`${home.bin}/cc`, "start"], {
    cwd: home.project,
    env: home.environment(),
    stdout: "ignore",
  });
  expect(await started.exited).toBe(0);
});

test.each([
  { title: "no command", args: [], status: 2 },
  { title: "an unknown command", args: ["frob"], status: 2 },
  { title: "an unknown option", args: ["--frob", "start"], status: 2 },
  { title: "compose mode without an engine", args: ["start", "--compose"], status: 1 },
  { title: "a project that is not there", args: ["start", "--project", "/nowhere/at/all"], status: 2 },
  { title: "a tool without a config", args: ["start", "--local", "nothing"], status: 1 },
  { title: "a tool with an impossible name", args: ["start", "../x"], status: 2 },
  { title: "exec while nothing runs", args: ["exec", "true"], status: 125 },
  { title: "shell while nothing runs", args: ["shell"], status: 125 },
  { title: "exec without a command", args: ["exec"], status: 127 },
])("run.sh answers $title with one line and $status", async ({ args, status }) => {
  await using home = await TemporaryHome.create();
  const outcome = await home.run(args);
  expect(outcome.status).toBe(status);
  expect(outcome.stderr).toMatch(args.length === 0 ? /^Usage: / : /^run\.sh: [^\n]+\n$/);
  await rm(home.path("run"), { recursive: true, force: true });
});
