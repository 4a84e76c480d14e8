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
      'unclear   options, arguments, targets at "--help=no": this option takes no value',
      'unclear   folder at "-C .": this option makes git work elsewhere',
      `folder    ${await realpath(dir.folder)}`,
      "message   git push is denied by rules.blocked_commands (git.yaml:5). A retry of this kind, in any spelling, will be refused too; ask the operator to change the rule.",
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
  { name: "help that is the tool's", args: ["push", "--help"], lines: ['the command is "help"'] },
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

test("explain says where a root comes from that no config names", async () => {
  await using dir = await bench(
    { "git.yaml": GIT, "own.yaml": `${GIT}roots: [/w]\n` },
    { PLUGIN_WORKSPACE: undefined },
  );
  const said = "The config names no roots: set PLUGIN_WORKSPACE to the project's folder\n";
  expect((await dir.run("explain", "git.yaml", "--cwd", ".", "--", "log")).stdout).toEndWith(said);
  expect((await dir.run("explain", "git.yaml", "--", "log")).stdout).not.toContain(said);
  expect((await dir.run("explain", "own.yaml", "--cwd", ".", "--", "log")).stdout).not.toContain(said);
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
    code: "denied_by_rule",
    rule: "blocked_commands",
    place: { file: "git.yaml", line: 4, column: 7 },
    message:
      "git gc is denied by rules.blocked_commands (git.yaml:4). A retry of this kind, in any spelling, will be refused too; ask the operator to change the rule.",
    passes: null,
    alias: null,
    reading: { kind: "command", command: "gc", rest: { options: [], positionals: [] } },
    plugin: "git",
    args: ["gc"],
    cwd: root,
    env: {},
    roots: [root],
  });
});

const CI = `plugin: git
rules: [{ id: ci, match: { command: push, env: { CI: ["1", "true"] } }, decision: deny }]
env: { pass: [CI, HERE], set: { CI_SET: "1" } }
`;

test.each([
  { name: "none", options: [], effect: "allow" },
  { name: "the value that the rule wants", options: ["--env", "CI=1"], effect: "deny" },
  { name: "the value behind an equals sign", options: ["--env=CI=true"], effect: "deny" },
  { name: "another value", options: ["--env", "CI=1=2"], effect: "allow" },
  { name: "an empty value", options: ["--env", "CI="], effect: "allow" },
  { name: "several", options: ["--env", "HERE=x", "--env", "CI=1"], effect: "deny" },
  { name: "the value that it has here", options: ["--env", "CI"], env: { CI: "true" }, effect: "deny" },
  { name: "a name that is not set here", options: ["--env", "CI"], env: {}, effect: "allow" },
  { name: "what is set here and not given", options: [], env: { CI: "1" }, effect: "allow" },
])("explain --env, of the environment of the call: $name", async ({ options, env, effect }) => {
  await using dir = await bench({ "git.yaml": CI }, { CI: undefined, ...env });
  const { status, stdout } = await dir.run("explain", "git.yaml", ...options, "--json", "--", "push");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ effect, env: { CI_SET: "1" } });
});

test("explain says of a variable that it does not reach the tool", async () => {
  await using dir = await bench({ "git.yaml": CI });
  const { stdout } = await dir.run("explain", "git.yaml", "--env", "C\u001b=1", "--env", "CI=1", "--", "push");
  expect(stdout).toContain("decision  deny\n");
  expect(stdout).toEndWith("\nC\\x1b does not reach the tool, nor a rule: env.pass does not list it\n");
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

const RULES = `plugin: git
default: deny
rules:
  ordered:
    - id: no-force
      match: { command: push, options: --force }
      decision: deny
      reason: others build on these branches
  blocked_branches: [main]
  allowed_commands: [push, log]
`;

test.each([
  { args: ["push", "-f", "origin", "x"], passes: "git push origin x", rule: "no-force" },
  { args: ["push", "origin", "x", "main"], passes: "git push origin x", rule: "blocked_branches" },
  { args: ["push", "-o", "a b", "origin", "+x:x"], passes: "git push -o 'a b' origin x:x", rule: "no-force" },
  { args: ["-c", "alias.x=y", "log"], passes: "git log", rule: "unclear" },
  { args: ["gc"], passes: undefined, rule: "allowed_commands" },
])("explain says what would pass instead of git $args", async ({ args, passes, rule }) => {
  await using dir = await bench({ "git.yaml": RULES });
  const { stdout } = await dir.run("explain", "git.yaml", "--", ...args);
  expect(/^rule +(.*)$/mu.exec(stdout)?.[1]).toBe(rule);
  expect(/^passes +(.*)$/mu.exec(stdout)?.[1]).toBe(passes as string);
});

test("explain shows options, arguments and targets as the rules see them", async () => {
  await using dir = await bench({ "git.yaml": RULES });
  const { stdout } = await dir.run("explain", "git.yaml", "--", "push", "-uo", "a b", "origin", "HEAD:refs/heads/x");
  expect(stdout).toContain("options    --set-upstream '--push-option=a b'\n");
  expect(stdout).toContain("arguments  origin HEAD:refs/heads/x\n");
  expect(stdout).toContain("targets    x\n");
});

test("explain --rules prints every rule in its order, with its line, short forms written out", async () => {
  await using dir = await bench({ "git.yaml": RULES });
  expect((await dir.run("explain", "git.yaml", "--rules")).stdout).toBe(
    `no-force          git.yaml:5:7   deny push with --force (others build on these branches)
blocked_branches  git.yaml:9:3   deny push, send-pack, http-push, remote-* on main
allowed_commands  git.yaml:10:3  allow push, log
allowed_commands  git.yaml:10:3  deny everything
default           git.yaml:2:1   deny everything else
enforcement: enforce
`,
  );
  const { stdout } = await dir.run("explain", "git.yaml", "--rules", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    default: "deny",
    rules: [
      { id: "no-force", decision: "deny", reason: "others build on these branches", place: { line: 5, column: 7 } },
      { id: "blocked_branches" },
      { id: "allowed_commands", decision: "allow" },
      { id: "allowed_commands", decision: "deny" },
    ],
  });
});

test("explain says what an alias stands for in the folder of the call, and decides nothing by it", async () => {
  await using dir = await bench({ "git.yaml": "plugin: git\nrules: { allowed_commands: [log] }\n" });
  const git = (...args: string[]): unknown => Bun.spawnSync(["git", ...args], { cwd: dir.folder });
  git("init", "-q");
  git("config", "alias.st", "status -sb");
  git("config", "alias.log", "push");
  const { stdout } = await dir.run("explain", "git.yaml", "--", "st");
  expect(stdout).toContain("rule      unclear\n");
  expect(stdout).toEndWith('"st" is an alias here, of "status -sb"; explain that\n');
  // git does not let an alias hide a command of its own.
  expect((await dir.run("explain", "git.yaml", "--", "log")).stdout).not.toContain("alias");
  expect((await dir.run("explain", "git.yaml", "--", "zz")).stdout).not.toContain("is an alias");
});
