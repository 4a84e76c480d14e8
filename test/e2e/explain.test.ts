import { expect, setDefaultTimeout, test } from "bun:test";
import { DENIAL_CODES } from "../../src/policy/decision.ts";
import { startPlugin, type PluginProcess } from "../helpers/plugin.ts";
import { call, shell } from "../helpers/shell.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

const RULES = `rules:
  - { id: no-force, match: { command: push, options: -f }, decision: deny, reason: others build on it, hint: push without it }
  - { id: ci, match: { command: log, env: { NO_COLOR: "1" } }, decision: deny }
`;
const git = (config = RULES): Promise<PluginProcess> => startPlugin({ tool: "git", config });

test("plugin-client --explain says what would be decided, by which rule and line, and what would pass; nothing runs", async () => {
  await using plugin = await git();
  const { stdout, stderr, status } = await shell(plugin, '"$CLIENT" --explain git push -uf origin main');
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(stdout).toBe(
    `decision  deny
rule      no-force
line      git.yaml:5:5
reading   the command is "push"
options   --set-upstream --force
arguments  origin main
targets   main
folder    ${plugin.workspace}
message   git push is denied by rule no-force (git.yaml:5): others build on it. A retry of this kind, in any spelling, will be refused too; push without it.
passes    git push origin main
`.replaceAll(/^(\w+) +/gmu, (_line, word: string) => word.padEnd(11)),
  );
  expect(await plugin.events("session")).toEqual([]);
});

test("plugin-client --explain --json gives an agent one object", async () => {
  await using plugin = await git();
  const explain = async (line: string): Promise<unknown> =>
    JSON.parse((await shell(plugin, `"$CLIENT" --explain --json git ${line}`)).stdout);
  expect(await explain("push origin +main")).toEqual({
    decision: "deny",
    code: "denied_by_rule",
    tool: "git",
    command: "push",
    rule: "no-force",
    place: "git.yaml:5:5",
    reason: "others build on it",
    hint: "push without it",
    retryable: false,
    enforcement: "enforce",
    message:
      "git push is denied by rule no-force (git.yaml:5): others build on it. A retry of this kind, in any spelling, will be refused too; push without it.",
    reads: ["push", "--force", "origin", "+main"],
    unclear: [],
    passes: ["push", "origin", "main"],
  });
  expect(await explain("status --json")).toMatchObject({
    decision: "allow",
    code: "allowed",
    rule: "default",
    place: null,
  });
  expect(await explain("-c alias.x=push x")).toMatchObject({ code: "unclear", command: null, reads: null });
});

test("plugin-client --explain looks at the caller's folder and environment, as the call would", async () => {
  await using plugin = await git();
  const decide = async (script: string): Promise<string | undefined> =>
    /^rule +(.*)$/mu.exec((await shell(plugin, script)).stdout)?.[1];
  expect(await decide('"$CLIENT" --explain git log')).toBe("default");
  expect(await decide('NO_COLOR=1 "$CLIENT" --explain git log')).toBe("ci");
  expect(await decide('cd / && "$CLIENT" --explain git log')).toBe("roots");
});

test.each([
  { name: "no tool", script: '"$CLIENT" --explain', status: 125, line: "Cannot tell what to ask" },
  {
    name: "an option for a tool",
    script: '"$CLIENT" --explain --what git',
    status: 125,
    line: "Cannot tell what to ask",
  },
  {
    name: "arguments that it does not take",
    script: '"$CLIENT" --capabilities git push',
    status: 125,
    line: "Cannot tell",
  },
  {
    name: "a tool without a plugin",
    script: '"$CLIENT" --explain npm install',
    status: 127,
    line: "error: npm plugin not available",
  },
  {
    name: "another tool's socket",
    script: 'ln -s "$SOCKET" "${SOCKET%/*}/npm.sock" && "$CLIENT" --explain npm i',
    status: 125,
    line: "This socket is of the git plugin",
  },
])("asking about $name gives $status and one line", async ({ script, status, line }) => {
  await using plugin = await git();
  const outcome = await shell(plugin, script);
  expect(outcome).toMatchObject({ stdout: "", status });
  expect(outcome.stderr).toContain(line);
  expect(outcome.stderr.split("\n")).toHaveLength(2);
});

test.each([[["x".repeat(100_000)]], [Array.from({ length: 3000 }, () => '"\\\u009b')], [["-c", "\u001b[2J", "push"]]])(
  "an explanation of monstrous arguments is an answer without control characters",
  async (args) => {
    await using plugin = await git();
    for (const words of [
      ["--explain", "git"],
      ["--explain", "--json", "git"],
    ]) {
      const child = Bun.spawn([`${plugin.wrappers}/git`, ...words, ...args], {
        argv0: "plugin-client",
        cwd: plugin.workspace,
        env: { PLUGIN_SOCKETS: `${plugin.folder}/s` },
        stdout: "pipe",
      });
      const [stdout, status] = await Promise.all([child.stdout.text(), child.exited]);
      expect(status).toBe(0);
      expect(stdout.length).toBeLessThan(65_536);
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u);
    }
  },
);

test("with PLUGIN_DENIALS=json a denial is one JSON object on stderr", async () => {
  await using plugin = await git();
  const env = { PLUGIN_DENIALS: "json" };
  const { stdout, stderr, status } = await call(plugin, ["push", "-f", "origin", "main"], { env });
  expect({ stdout, status }).toEqual({ stdout: "", status: 126 });
  expect(JSON.parse(stderr)).toEqual({
    code: "denied_by_rule",
    tool: "git",
    command: "push",
    rule: "no-force",
    place: "git.yaml:5:5",
    reason: "others build on it",
    hint: "push without it",
    retryable: false,
    passes: ["push", "origin", "main"],
  });
  expect(stderr.split("\n")).toHaveLength(2);
  expect(await call(plugin, ["--version"], { env })).toMatchObject({ status: 0, stderr: "" });
  expect((await call(plugin, ["push", "-f"], { env: { PLUGIN_DENIALS: "1" } })).stderr).toStartWith(
    "plugin-client: git",
  );
  expect(await plugin.carriers()).toEqual([undefined, "descriptors", undefined]);
});

test("a denial says what would pass instead, quoted for a shell", async () => {
  await using plugin = await git();
  const { stderr, status } = await call(plugin, ["push", "-f", "it's", "main"]);
  expect(status).toBe(126);
  expect(stderr).toEndWith("; push without it. This would pass: git push 'it'\\''s' main\n");
});

test("plugin-client --capabilities shows an agent its limits before it asks", async () => {
  await using plugin = await git();
  const { stdout, status } = await shell(plugin, '"$CLIENT" --capabilities git');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^tool +git$/mu);
  expect(stdout).toMatch(/^rule\.1 +no-force: deny push with -f \(others build on it\)$/mu);
  const json: unknown = JSON.parse((await shell(plugin, '"$CLIENT" --capabilities git --json')).stdout);
  expect(json).toMatchObject({
    tool: "git",
    facts: { default: "allow", enforcement: "enforce", "rule.1": "no-force: deny push with -f (others build on it)" },
  });
  expect(JSON.parse((await shell(plugin, '"$CLIENT" --capabilities --json git')).stdout)).toEqual(json);
});

test("the snippet and the skill for agents name only codes and options that there are", async () => {
  const folder = `${import.meta.dir}/../../plugins/agent`;
  const texts = await Promise.all(
    ["CLAUDE.md", "skills/plugins/SKILL.md"].map(async (name) => Bun.file(`${folder}/${name}`).text()),
  );
  await using plugin = await git();
  const { stdout: help } = await shell(plugin, '"$CLIENT" --help');
  for (const option of new Set(texts.join().match(/plugin-client (?<option>--[a-z]+)/gu))) {
    expect(help).toContain(option);
  }
  expect(
    new Set(
      texts[1]
        ?.match(/^\| `.*?` *\|/gmu)
        ?.join()
        .match(/\w+_\w+|unclear/gu),
    ),
  ).toEqual(new Set(DENIAL_CODES));
});

test("a refused alias is said to be one, and what to write instead; another word is not, and a slow answer is not waited for", async () => {
  await using plugin = await git("rules: { blocked_commands: [push] }\n");
  const said = async (...args: readonly string[]): Promise<string> => (await call(plugin, args)).stderr;
  await said("init", "-q");
  await said("config", "alias.p", "push --force");
  await said("config", "alias.sh", "!touch made");
  const why =
    "is denied: cannot tell the command, git has no such command itself; write out what an alias is for (git.yaml:4). A retry in this form will be refused too; write it plainly, leave it out, or ask the operator to change the rule.";
  expect(await call(plugin, ["p", "origin", "main"])).toMatchObject({
    status: 126,
    stderr: `plugin-client: git p ${why} Or write out the alias "p": "push --force".\n`,
  });
  expect(await said("zz")).toBe(`plugin-client: git zz ${why}\n`);
  expect(await said("sh")).toBe(`plugin-client: git sh ${why} Or write out the alias "sh": "!touch made".\n`);
  const { stderr } = await call(plugin, ["p"], { env: { PLUGIN_DENIALS: "json" } });
  const hint = 'write out the alias "p": "push --force"';
  expect(JSON.parse(stderr)).toMatchObject({ code: "unclear", command: "p", hint });
  // What is read is the agent's: here a pipe that nobody writes to, as a file of settings.
  await said("config", "include.path", "../endless");
  await shell(plugin, "mkfifo endless");
  expect(await said("p")).toBe(`plugin-client: git p ${why}\n`);
  expect(await Bun.file(`${plugin.workspace}/made`).exists()).toBe(false);
});
