import { expect, test } from "bun:test";
import { mkdir, realpath, symlink } from "node:fs/promises";

import { bench } from "./run.ts";

const GIT = "plugin: git\nrules:\n  blocked_commands:\n    - gc\n    - push\n";

test("explain names the decision, the rule, the line that decided, and what was read", async () => {
  await using dir = await bench({ "git.yaml": GIT });
  const { status, stdout, stderr } = await dir.run("explain", "git.yaml", "--", "-C", ".", "push", "--help=no");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toBe(
    [
      "decision  deny",
      "rule      blocked_commands",
      "line      git.yaml:5:7",
      'reading   the command is "push"',
      `folder    ${await realpath(dir.folder)}`,
      "message   git push is denied by rules.blocked_commands (git.yaml:5). A retry will be refused too; ask the operator to change the rule.",
      "",
    ].join("\n"),
  );
});

test.each([
  { name: "an allowed call", args: ["status"], lines: ["decision  allow", "rule      default", "line      none"] },
  { name: "no arguments", args: [], lines: ["decision  allow", "reading   there is no command"] },
  {
    name: "an unclear call",
    args: ["-x", "push"],
    lines: ["rule      unclear", "line      git.yaml:3:3", 'reading   unclear at "-x": git has no such option'],
  },
  { name: "a second pair of dashes", args: ["--", "push"], lines: ['reading   unclear at "--"'] },
  { name: "help that is the tool's", args: ["push", "--help"], lines: ['reading   the command is "help"'] },
  { name: "terminal escapes", args: ["\u001b[2J"], lines: ['reading   the command is "\\x1b[2J"'] },
])("explain explains $name", async ({ args, lines }) => {
  await using dir = await bench({ "git.yaml": GIT });
  const { status, stdout } = await dir.run("explain", "git.yaml", "--", ...args);
  expect(status).toBe(0);
  for (const line of lines) {
    expect(stdout).toContain(line);
  }
});

test("explain --cwd resolves symlinks before it compares folders", async () => {
  await using dir = await bench({ "git.yaml": GIT });
  await mkdir(`${dir.folder}/inside`);
  await symlink("/etc", `${dir.folder}/outside`);
  expect((await dir.run("explain", "git.yaml", "--cwd", "inside", "--", "log")).stdout).toContain("decision  allow");
  const { status, stdout } = await dir.run("explain", "git.yaml", "--cwd", "outside", "--", "log");
  expect(status).toBe(0);
  expect(stdout).toContain("rule      roots");
  expect(stdout).toContain("folder    /etc");
});

test("explain reads tools without a plugin by their first word", async () => {
  await using dir = await bench({ "yarn.yaml": "plugin: yarn\nrules:\n  blocked_commands: [publish]\n" });
  expect((await dir.run("explain", "yarn.yaml", "--", "publish")).stdout).toContain("yarn publish is denied by");
  expect((await dir.run("explain", "yarn.yaml", "--", "--tag", "x", "publish")).stdout).toContain("rule      unclear");
});

test("explain --json gives the decision as data", async () => {
  await using dir = await bench({ "git.yaml": GIT });
  const root = await realpath(dir.folder);
  const { status, stdout } = await dir.run("explain", "git.yaml", "--json", "--", "gc");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    effect: "deny",
    rule: "blocked_commands",
    place: { file: "git.yaml", line: 4, column: 7 },
    message:
      "git gc is denied by rules.blocked_commands (git.yaml:4). A retry will be refused too; ask the operator to change the rule.",
    reading: { kind: "command", command: "gc" },
    plugin: "git",
    args: ["gc"],
    cwd: root,
    roots: [root],
  });
});

test("explain refuses a broken config with its errors", async () => {
  await using dir = await bench({ "git.yaml": "plugin: git\nrulez: 1\n" });
  const message = 'Unknown key "rulez" at the top level; did you mean "rules"?';
  expect(await dir.run("explain", "git.yaml")).toEqual({ status: 1, stdout: "", stderr: `git.yaml:2:1: ${message}\n` });
  const { status, stdout } = await dir.run("explain", "git.yaml", "--json");
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    file: "git.yaml",
    ok: false,
    errors: [{ file: "git.yaml", line: 2, column: 1, message }],
  });
});
