import { expect, test } from "bun:test";

import { bench } from "./run.ts";

const CASES = `plugin: git
rules: { blocked_commands: [push] }
cases:
  - { run: status, expect: allow }
  - { run: [commit, -m, it's], expect: allow, rule: default }
  - { run: push, expect: deny, rule: blocked_commands }
`;

test("test prints a table of the cases and says how many passed", async () => {
  await using dir = await bench({ "git.yaml": CASES });
  expect(await dir.run("test", "git.yaml")).toEqual({
    status: 0,
    stdout: `ok  git.yaml:4:5  allow (default)          git status
ok  git.yaml:5:5  allow (default)          git commit -m 'it'\\''s'
ok  git.yaml:6:5  deny (blocked_commands)  git push
git.yaml: 3 of 3 cases passed
`,
    stderr: "",
  });
});

test("test fails with status 1, and says for each failing case what was expected and what came", async () => {
  const text = `plugin: git
rules: { blocked_commands: [push] }
roots: [/w]
cases:
  - { run: push, expect: allow }
  - { run: push, expect: deny, rule: unclear }
  - { run: git push, expect: deny, rule: blocked_commands }
  - { run: log, expect: allow, cwd: /x }
  - { run: log, expect: allow, cwd: /w/x }
`;
  await using dir = await bench({ "git.yaml": text });
  const { status, stdout, stderr } = await dir.run("test", "git.yaml");
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  expect(stdout.split("\n").slice(5)).toEqual([
    "git.yaml:5:5: expected allow, got deny (blocked_commands) in /w",
    "git.yaml:6:5: expected deny (unclear), got deny (blocked_commands) in /w",
    "git.yaml:7:5: expected deny (blocked_commands), got deny (unclear) in /w; leave the tool's name out of run",
    "git.yaml:8:5: expected allow, got deny (roots) in /x",
    "git.yaml: 1 of 5 cases passed",
    "",
  ]);
});

test("a case has folder and environment of the caller, of which rules see what the tool would get", async () => {
  const text = `plugin: git
rules: [{ id: ci, match: { command: push, env: { CI: "1" }, cwd: /w/x }, decision: deny }]
roots: [/w]
env: { pass: [CI] }
cases:
  - { run: push, expect: deny, rule: ci, cwd: /w/x, env: { CI: "1" } }
  - { run: push, expect: allow, cwd: /w/x, env: { CI: "2" } }
  - { run: push, expect: allow, env: { CI: "1" } }
`;
  await using dir = await bench({ "git.yaml": text, "closed.yaml": text.replace("pass: [CI]", "pass: []") });
  expect(await dir.run("test", "git.yaml")).toMatchObject({ status: 0, stderr: "" });
  const { status, stdout } = await dir.run("test", "closed.yaml");
  expect(status).toBe(1);
  expect(stdout).toContain("expected deny (ci), got allow (default) in /w/x; env.pass does not list CI\n");
});

test("test says when a config has no cases, and is content", async () => {
  await using dir = await bench({ "git.yaml": "plugin: git\n" });
  expect(await dir.run("test", "git.yaml")).toEqual({
    status: 0,
    stdout: "git.yaml: there are no cases; add some under the key cases\n",
    stderr: "",
  });
});

test("test --json gives every case as data, and errors of configs that cannot be used", async () => {
  await using dir = await bench({ "git.yaml": CASES, "bad.yaml": "plugin: 5\n" });
  const { status, stdout } = await dir.run("test", "--json", "git.yaml", "bad.yaml");
  expect(status).toBe(1);
  const { ok, configs } = JSON.parse(stdout) as { ok: boolean; configs: Record<string, unknown[]>[] };
  expect(ok).toBe(false);
  expect(configs[0]).toMatchObject({ file: "git.yaml", ok: true, errors: [] });
  expect(configs[0]?.["cases"]?.[2]).toEqual({
    ok: true,
    line: 6,
    run: ["push"],
    cwd: dir.folder,
    expected: { effect: "deny", rule: "blocked_commands" },
    got: { effect: "deny", rule: "blocked_commands" },
  });
  expect(configs[1]).toMatchObject({ file: "bad.yaml", ok: false, cases: [] });
  expect(configs[1]?.["errors"]).toHaveLength(1);
});

test("test refuses a broken config", async () => {
  await using dir = await bench({ "bad.yaml": "plugin: git\ncases: 5\n" });
  expect(await dir.run("test", "bad.yaml")).toEqual({
    status: 1,
    stdout: "",
    stderr: "bad.yaml:2:8: cases must be a list of cases, found the number 5; write it in brackets: [ … ]\n",
  });
});
