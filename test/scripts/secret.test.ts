import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { stat } from "node:fs/promises";

import { hasTmux, Terminal } from "../helpers/tmux.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { TemporaryHome } from "./home.ts";

setDefaultTimeout(60_000);

const SECRET = "CANARY-token-0123456789";

test("secret set takes the secret from stdin, and only its owner can read it", async () => {
  await using home = await TemporaryHome.create();
  const { stdout, stderr, status } = await home.run(["secret", "set", "github_token"], { stdin: `${SECRET}\n` });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(stdout).toContain("/run/secrets/github_token");
  expect(stdout).not.toContain("CANARY");
  expect(await Bun.file(home.path("secrets/github_token")).text()).toBe(`${SECRET}\n`);
  expect((await stat(home.path("secrets/github_token"))).mode & 0o777).toBe(0o600);
  expect((await stat(home.path("secrets"))).mode & 0o777).toBe(0o700);
});

describe.skipIf(!hasTmux)("secret set in a terminal", () => {
  const open = async (home: TemporaryHome): Promise<Terminal> => {
    // A shell that leaves the settings of its terminal alone.
    const terminal = await Terminal.open("/bin/sh", home.project, home.environment() as Record<string, string>);
    await terminal.shows(/[$#] *$/m);
    return terminal;
  };
  const ask = async (terminal: Terminal, home: TemporaryHome): Promise<void> => {
    await terminal.type(`${home.checkout}/scripts/run.sh secret set token`);
    await terminal.shows("Secret (not shown):");
  };

  test("asks for it without showing it", async () => {
    await using home = await TemporaryHome.create();
    await using terminal = await open(home);
    await ask(terminal, home);
    await terminal.type(SECRET);
    const screen = await terminal.shows("Set token");
    expect(screen).not.toContain("CANARY");
    expect(await terminal.tmux("capture-pane", "-p", "-S", "-")).not.toContain("CANARY");
    expect(await Bun.file(home.path("secrets/token")).text()).toBe(`${SECRET}\n`);
    expect((await stat(home.path("secrets/token"))).mode & 0o777).toBe(0o600);
  });

  test("given up, leaves nothing behind, and the terminal as it was", async () => {
    await using home = await TemporaryHome.create();
    await using terminal = await open(home);
    const before = await terminal.settings();
    await ask(terminal, home);
    expect(await terminal.settings()).not.toBe(before);
    await terminal.press("C-c");
    await waitFor("the terminal is as it was", async () => (await terminal.settings()) === before);
    await waitFor("nothing is left", async () => (await home.run(["secret", "list"])).stdout === "");
    expect(await Array.fromAsync(new Bun.Glob("*").scan({ cwd: home.path("secrets"), dot: true }))).toEqual([]);
  });
});

test("a secret on the command line is refused, and repeated nowhere", async () => {
  await using home = await TemporaryHome.create();
  for (const args of [["github_token", SECRET], [`github_token=${SECRET}`], [`/${SECRET}`], [`${SECRET} x`]]) {
    const { stdout, stderr, status } = await home.run(["secret", "set", ...args], { stdin: "other" });
    expect(status).toBe(2);
    expect(stderr).toContain("stdin");
    expect(`${stdout}${stderr}`).not.toContain("CANARY");
  }
  expect((await home.run(["secret", "list"])).stdout).toBe("");
});

test("nothing entered leaves the secret that was there", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["secret", "set", "a"], { stdin: SECRET });
  const { stderr, status } = await home.run(["secret", "set", "a"]);
  expect({ stderr, status }).toEqual({ stderr: "run.sh: Cannot set a: nothing was entered\n", status: 1 });
  expect(await Bun.file(home.path("secrets/a")).text()).toBe(SECRET);
});

test("secret list has names only, and secret remove takes one away", async () => {
  await using home = await TemporaryHome.create();
  await home.run(["secret", "set", "b.pem"], { stdin: SECRET });
  await home.run(["secret", "set", "a"], { stdin: SECRET });
  expect(await home.run(["secret", "list"])).toEqual({ stdout: "a\nb.pem\n", stderr: "", status: 0 });
  expect(await home.run(["secret", "remove", "a"])).toMatchObject({ status: 0 });
  expect((await home.run(["secret", "list"])).stdout).toBe("b.pem\n");
  expect(await home.run(["secret", "remove", "a"])).toMatchObject({
    stderr: expect.stringContaining("there is no such secret"),
    status: 1,
  });
});
