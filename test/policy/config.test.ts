import { expect, test } from "bun:test";

import type { Place } from "../../src/policy/config.ts";
import { DEFAULT_PASS } from "../../src/policy/environment.ts";
import { parseConfig } from "../../src/policy/load.ts";

test("parseConfig takes the shortest config, a name and a list of blocked commands, and fills in every default", () => {
  const config = parseConfig("plugin: npm\nrules:\n  blocked_commands: [publish, unpublish]\n", "npm.yaml");
  expect(config.plugin).toBe("npm");
  expect(config.file).toBe("npm.yaml");
  expect(config.exec).toBeUndefined();
  expect(config.rules.allowedCommands).toBeUndefined();
  expect(config.rules.blockedCommands).toEqual([
    { value: "publish", place: { file: "npm.yaml", line: 3, column: 22 } },
    { value: "unpublish", place: { file: "npm.yaml", line: 3, column: 31 } },
  ]);
  expect(config.env).toEqual({ pass: DEFAULT_PASS, set: {} });
  expect(config.roots).toBeUndefined();
  expect(config.limits).toEqual({
    sessions: 32,
    queue: 64,
    queueMs: 30_000,
    approvalMs: 300_000,
    timeoutMs: undefined,
    idleMs: undefined,
    graceMs: 2000,
    connections: 256,
    handshakeMs: 5000,
  });
  expect(config.stdio).toBe("auto");
  expect(config.access).toEqual({ uids: undefined, mode: 0o600, gid: undefined });
  expect(config.cases).toEqual([]);
});

test("parseConfig reads every key of the full form", () => {
  const config = parseConfig(
    `plugin: jq
exec: /usr/bin/jq
rules: { allowed_commands: [a], blocked_commands: [] }
env: { pass: [A, "B_*"], set: { C: "1", D: "" } }
roots: [/data/, /srv/a//b]
limits: { sessions: 1, queue: 0, queue_wait: 0ms, approval: 90s, timeout: 2h, idle: 90s, grace: 100ms, connections: 4096, handshake: 1m }
stdio: relay
access: { uids: [0, 1000], mode: "0660", gid: 7 }
cases:
  - { run: "  -r  .a ", expect: allow }
  - run: [a, "", "b c"]
    expect: deny
    rule: roots
    cwd: /
`,
    "jq.yaml",
  );
  expect(config.exec).toBe("/usr/bin/jq");
  expect(config.rules.allowedCommands?.map(({ value }) => value)).toEqual(["a"]);
  expect(config.env).toEqual({ pass: ["A", "B_*"], set: { C: "1", D: "" } });
  expect(config.roots).toEqual(["/data", "/srv/a/b"]);
  expect(config.limits).toEqual({
    sessions: 1,
    queue: 0,
    queueMs: 0,
    approvalMs: 90_000,
    timeoutMs: 7_200_000,
    idleMs: 90_000,
    graceMs: 100,
    connections: 4096,
    handshakeMs: 60_000,
  });
  expect(config.stdio).toBe("relay");
  expect(config.access).toEqual({ uids: [0, 1000], mode: 0o660, gid: 7 });
  expect(config.cases).toEqual([
    { run: ["-r", ".a"], expect: "allow", rule: undefined, cwd: undefined, place: at(10, 5) },
    { run: ["a", "", "b c"], expect: "deny", rule: "roots", cwd: "/", place: at(11, 5) },
  ]);
  expect(config.places.get("rules.allowed_commands")).toEqual(at(3, 10));

  function at(line: number, column: number): Place {
    return { file: "jq.yaml", line, column };
  }
});

test("parseConfig takes a config that opens everything", () => {
  const config = parseConfig('plugin: git\nroots: [/]\nenv: { pass: ["*"] }\n', "git.yaml");
  expect(config.roots).toEqual(["/"]);
  expect(config.env.pass).toEqual(["*"]);
});

test.each([
  { name: "nothing else", config: "", background: "end" },
  { name: "everything open", config: "roots: [/]\nenv: { pass: ['*'] }", background: "keep" },
  {
    name: "everything open but what it leaves running",
    config: "roots: [/]\nenv: { pass: ['*'] }\nbackground: end",
    background: "end",
  },
  { name: "a rule", config: "roots: [/]\nenv: { pass: ['*'] }\nrules: { blocked_commands: [x] }", background: "end" },
  { name: "denials by default", config: "roots: [/]\nenv: { pass: ['*'] }\ndefault: deny", background: "end" },
  { name: "folders", config: "roots: [/w]\nenv: { pass: ['*'] }", background: "end" },
  { name: "variables", config: "roots: [/]\nenv: { pass: [X] }", background: "end" },
])("what a tool leaves running: $background with $name", ({ config, background }) => {
  expect(parseConfig(`plugin: a\n${config}`, "a.yaml").background).toBe(background as "end");
});

test("parseConfig takes limits.idle with the word none, and with stdio: relay", () => {
  expect(parseConfig("plugin: a\nlimits: { idle: none, timeout: none }", "a.yaml").limits.idleMs).toBeUndefined();
  expect(parseConfig("plugin: a\nstdio: relay\nlimits: { idle: 5s }", "a.yaml").limits.idleMs).toBe(5000);
});
