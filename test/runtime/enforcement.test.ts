import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { startPlugin } from "../helpers/plugin.ts";
import { call, shell } from "../helpers/shell.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

const RULES = `rules:
  - { id: no-x, match: { command: x }, decision: deny, reason: x is dangerous }
  - { id: y-asks, match: { command: y }, decision: ask }
`;

test("a rule that denies, and one that asks where nobody can be asked, refuse with 126 and one line", async () => {
  await using plugin = await startPlugin({ tool: "true", exec: "/bin/true", config: RULES });
  expect(await call(plugin, ["x"])).toMatchObject({
    status: 126,
    stderr:
      "plugin-client: true x is denied by rule no-x (true.yaml:5): x is dangerous. A retry of this kind, in any spelling, will be refused too; ask the operator to change the rule.\n",
  });
  const asked = await call(plugin, ["y"]);
  expect(asked.status).toBe(126);
  expect(asked.stderr).toContain("it needs a person's approval, and nobody can be asked here");
  expect((await call(plugin, ["z"])).status).toBe(0);
  expect(
    (await plugin.events("session")).map(({ decision, rule, enforcement }) => [decision, rule, enforcement]),
  ).toEqual([
    ["deny", "no-x", "enforce"],
    ["ask", "y-asks", "enforce"],
    ["allow", "default", undefined],
  ]);
});

test("enforcement: audit runs everything, and the log has what the rules say", async () => {
  const config = `${RULES}enforcement: audit\n`;
  await using plugin = await startPlugin({ tool: "true", exec: "/bin/true", config });
  for (const args of [["x"], ["y"], ["z"]]) {
    expect(await call(plugin, args)).toMatchObject({ status: 0, stderr: "" });
  }
  expect(
    (await plugin.events("session")).map(({ decision, rule, enforcement, exit }) => [
      decision,
      rule,
      enforcement,
      exit,
    ]),
  ).toEqual([
    ["deny", "no-x", "audit", 0],
    ["ask", "y-asks", "audit", 0],
    ["allow", "default", undefined, 0],
  ]);
});

test("rules, enforcement and grammar that are edited hold from the next call on", async () => {
  const config = (more: string): string =>
    `plugin: "true"\nexec: /bin/true\nrules: { blocked_commands: [x] }\n${more}\n`;
  await using plugin = await startPlugin({ tool: "true", exec: "/bin/true" });
  const callWith = async (text: string): Promise<unknown[]> => {
    await writeFile(plugin.config, config(text));
    const { status } = await call(plugin, ["-n", "y", "x"]);
    const last = (await plugin.events("session")).at(-1);
    return [status, last?.["decision"], last?.["rule"], last?.["enforcement"]];
  };
  expect(await callWith("")).toEqual([126, "deny", "unclear", "enforce"]);
  expect(await callWith("enforcement: audit")).toEqual([0, "deny", "unclear", "audit"]);
  expect(await callWith("grammar: { options_with_value: [-n] }")).toEqual([126, "deny", "blocked_commands", "enforce"]);
  expect(await callWith("grammar: { flags: [-n] }")).toEqual([0, "allow", "default", undefined]);
  expect((await shell(plugin, '"$CLIENT" --explain true -n y x')).stdout).toContain('the command is "y"');
  await writeFile(plugin.config, config("grammar: { commands: false }"));
  expect((await shell(plugin, '"$CLIENT" --explain true -n y x')).stdout).toContain("there is no command");
});
