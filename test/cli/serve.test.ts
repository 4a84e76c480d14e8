import { expect, test } from "bun:test";

import { bench } from "./run.ts";

test("serve refuses to start on a broken config and prints everything that is wrong with it", async () => {
  await using dir = await bench({ "git.yaml": "plugin: git\nroots: [src]\nlimits: { sessions: 0 }\n" });
  expect(await dir.run("serve", "git.yaml", "--socket", "git.sock")).toEqual({
    status: 1,
    stdout: "",
    stderr:
      'git.yaml:2:9: An item of roots must be an absolute path (beginning with "/"), found "src"\n' +
      "git.yaml:3:21: limits.sessions must be a whole number from 1 to 1024, found the number 0\n",
  });
});

test("serve refuses to start on a config that is not there", async () => {
  await using dir = await bench();
  expect(await dir.run("serve", "git.yaml")).toEqual({
    status: 1,
    stdout: "",
    stderr: "git.yaml:1:1: Cannot read the config: there is no such file\n",
  });
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "serve says where it listens, and ends with status 0 after %s",
  async (signal) => {
    await using dir = await bench({ "git.yaml": "plugin: git\n" });
    const { child, line } = dir.start("serve", "git.yaml", "--socket", "git.sock");
    try {
      expect(await line("warning")).toBe("git.yaml:1:1: warning: There are no rules: every command is allowed");
      expect(await line("is ready")).toBe(`plugin-server: git is ready at ${dir.folder}/git.sock`);
      child.kill(signal);
      expect(await line("is stopping")).toBe(`plugin-server: git is stopping (${signal})`);
      expect(await child.exited).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  },
);
