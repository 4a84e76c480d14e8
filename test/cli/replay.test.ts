import { expect, setDefaultTimeout, test } from "bun:test";

import { startPlugin } from "../helpers/plugin.ts";
import { call } from "../helpers/shell.ts";
import { bench } from "./run.ts";

setDefaultTimeout(20_000);

const EDITED = `plugin: git
rules:
  - { id: no-force, match: { command: push, options: -f }, decision: deny }
  - { id: ci, match: { command: tag, env: { CI: "1" } }, decision: deny }
roots: [/w]
`;

/** A line as the plugin writes it. */
function record(args: readonly string[], decision: string, rule: string, more: object = {}): string {
  const line = { level: "info", event: "session", tool: "git", args: JSON.stringify(args), cwd: "/w", decision, rule };
  return `${JSON.stringify({ ...line, ...more })}\n`;
}

test("test --from-audit lists what an edited config would decide otherwise, each kind of call once", async () => {
  const audit = [
    record(["push", "-f", "origin", "main"], "allow", "default"),
    record(["push", "-f", "origin", "main"], "allow", "default"),
    record(["push", "origin", "main"], "deny", "blocked_commands"),
    record(["log"], "allow", "default"),
    record(["log"], "allow", "default", { cwd: "/elsewhere" }),
    record(["tag", "v1"], "allow", "default"),
    record(["status"], "allow", "default", { args: '["status","cut sho' }),
    record(["install"], "allow", "default", { tool: "npm" }),
    record(["status"], "allow", "default", { event: "ready" }),
    record(["status"], "allow", "default", { decision: undefined }),
    "git.yaml:1:1: warning: There are no rules\n",
    "{ not JSON\n",
    "[1]\nnull\n\n",
  ];
  await using dir = await bench({ "git.yaml": EDITED, "audit.jsonl": audit.join("") });
  expect(await dir.run("test", "git.yaml", "--from-audit", "audit.jsonl")).toEqual({
    status: 1,
    stdout: `allow (default)          → deny (no-force)  2×  git push -f origin main  in /w
deny (blocked_commands)  → allow (default)  1×  git push origin main     in /w
allow (default)          → deny (roots)     1×  git log                  in /elsewhere
git.yaml: 4 of 7 calls would change; 2 cannot be told: arguments cut short, or a rule about the environment
`,
    stderr: "",
  });
  const json = await dir.run("test", "--json", "git.yaml", "--from-audit", "audit.jsonl");
  expect(JSON.parse(json.stdout)).toMatchObject({
    calls: 7,
    untold: 2,
    changes: [{ count: 2, args: ["push", "-f", "origin", "main"] }, {}, {}],
  });
});

test("test --from-audit is content when nothing would change", async () => {
  await using dir = await bench({ "git.yaml": EDITED, "audit.jsonl": record(["log"], "allow", "default") });
  expect(await dir.run("test", "git.yaml", "--from-audit", "audit.jsonl")).toEqual({
    status: 0,
    stdout: "git.yaml: 0 of 1 calls would change\n",
    stderr: "",
  });
});

test.each([
  {
    name: "an audit that is not there",
    args: ["git.yaml", "--from-audit", "none"],
    status: 1,
    line: "plugin-server: Cannot read the audit none: ENOENT",
  },
  {
    name: "a broken config",
    args: ["bad.yaml", "--from-audit", "git.yaml"],
    status: 1,
    line: "bad.yaml:1:9: plugin must be a name",
  },
  {
    name: "two configs",
    args: ["git.yaml", "bad.yaml", "--from-audit", "git.yaml"],
    status: 2,
    line: "Only one config can be given",
  },
  { name: "no audit", args: ["git.yaml", "--from-audit"], status: 2, line: "The option --from-audit needs a value" },
])("test refuses $name", async ({ args, status, line }) => {
  await using dir = await bench({ "git.yaml": EDITED, "bad.yaml": "plugin: 5\n" });
  const outcome = await dir.run("test", ...args);
  expect(outcome.status).toBe(status);
  expect(outcome.stderr).toContain(line);
});

test("what a plugin under enforcement: audit has logged can be decided anew", async () => {
  await using plugin = await startPlugin({
    tool: "git",
    config: "enforcement: audit\nrules: { blocked_commands: [init, status] }",
  });
  await call(plugin, ["init", "--quiet", "it's"]);
  await call(plugin, ["--version"]);
  const rules = `plugin: git\nrules: { blocked_commands: [status] }\nroots: [${plugin.workspace}]\n`;
  await using dir = await bench({ "git.yaml": rules });
  const { stdout } = await dir.run("test", "git.yaml", "--from-audit", `${plugin.folder}/log`);
  expect(stdout).toContain("deny (blocked_commands)  → allow (default)  1×  git init --quiet 'it'\\''s'");
  expect(stdout).toContain("git.yaml: 1 of 2 calls would change\n");
});
