import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";

import { TemporaryHome } from "./home.ts";

setDefaultTimeout(60_000);

let home: TemporaryHome;
beforeAll(async () => {
  home = await TemporaryHome.create();
  await mkdir(`${home.project}/inner`);
  await mkdir(`${home.project}-beside`);
  await symlink(`${home.project}/inner`, `${home.top}/alias`);
  await home.run(["start"]);
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

test.each([0, 1, 42, 125, 126, 127, 128, 255])("exec exits with the %i of its command", async (status) => {
  expect(await home.run(["exec", "sh", "-c", `exit ${status}`])).toEqual({ stdout: "", stderr: "", status });
});

test("exec is replaced by its command: a signal ends the command itself", async () => {
  await using running = Bun.spawn(
    [`${import.meta.dir}/../../scripts/run.sh`, "exec", "sh", "-c", "echo $$; exec sleep 1000"],
    {
      cwd: home.project,
      env: home.environment(),
    },
  );
  // The command has the pid of run.sh.
  const { value } = await running.stdout.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toBe(`${running.pid}\n`);
  running.kill("SIGTERM");
  await running.exited;
  expect(running.signalCode).toBe("SIGTERM");
});

test("exec hands over arguments and input exactly", async () => {
  const args = ["a  b", "", "--local", "-h", "new\nline", "*", "'\""];
  const { stdout } = await home.run(["exec", "--", "printf", "[%s]", ...args]);
  expect(stdout).toBe(args.map((argument) => `[${argument}]`).join(""));
  expect((await home.run(["exec", "cat"], { stdin: "one\ntwo" })).stdout).toBe("one\ntwo");
});

test("exec passes options after its command on, with and without --", async () => {
  expect((await home.run(["exec", "echo", "--json", "--", "x"])).stdout).toBe("--json -- x\n");
  expect((await home.run(["--local", "exec", "--", "echo", "--", "x"])).stdout).toBe("-- x\n");
});

test("exec puts the tools first in PATH and adds nothing to the environment but their sockets", async () => {
  const { stdout } = await home.run(["exec", "env"]);
  const names = stdout.split("\n").map((line) => line.slice(0, line.indexOf("=")));
  // PWD, SHLVL, OLDPWD and _ are what every shell sets.
  const known = [
    "PATH",
    "PLUGIN_SOCKETS",
    "HOME",
    "CLAUDE_CONTAINER_HOME",
    "LANG",
    "DOCKER_HOST",
    "PWD",
    "SHLVL",
    "OLDPWD",
    "_",
    "",
  ];
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
  expect(stdout).toContain(`PATH=${home.path("cli")}:`);
  expect(stdout).toContain(`PLUGIN_SOCKETS=${home.path("sockets")}\n`);
});

test.each([
  { from: "the project", cwd: "/pro ject", seen: "/pro ject" },
  { from: "a folder in the project", cwd: "/pro ject/inner", seen: "/pro ject/inner" },
  { from: "a link into the project", cwd: "/alias", seen: "/pro ject/inner" },
  { from: "outside of the project", cwd: "", seen: "/pro ject" },
  { from: "a folder whose name only begins like the project's", cwd: "/pro ject-beside", seen: "/pro ject" },
])("exec called from $from works in the right folder", async ({ cwd, seen }) => {
  const { stdout } = await home.run(["exec", "pwd", "-P"], { cwd: `${home.top}${cwd}` });
  expect(stdout).toBe(`${home.top}${seen}\n`);
});

test("exec answers a command that is not in PATH with 127 and one line", async () => {
  const outcome = await home.run(["exec", "no-such-command"]);
  expect(outcome).toEqual({
    stdout: "",
    stderr: 'run.sh: Cannot run "no-such-command": it is not in PATH\n',
    status: 127,
  });
});

test("exec for a project that is not the running one is refused", async () => {
  expect(await home.run(["exec", "--project", home.top, "true"])).toMatchObject({ status: 125 });
});

test("shell runs the user's shell with the same environment", async () => {
  const { stdout } = await home.run(["shell"], {
    stdin: 'command -v git; echo "$PLUGIN_SOCKETS"\n',
    env: { SHELL: "/bin/sh" },
  });
  expect(stdout).toBe(`${home.path("cli/git")}\n${home.path("sockets")}\n`);
});
