import { expect, test } from "bun:test";

import { gitPlugin } from "../../plugins/git/plugin.ts";
import { npmPlugin } from "../../plugins/npm/plugin.ts";
import { toolPlugin } from "../../plugins/tool/plugin.ts";
import { runCases } from "../../src/policy/cases.ts";
import { loadConfig } from "../../src/policy/load.ts";
import { configWarnings } from "../../src/policy/warnings.ts";
import { definePlugin, type Plugin } from "../../src/runtime/plugin.ts";

const configs = [
  { name: "git.yaml", path: `${import.meta.dir}/../../plugins/git/git.yaml`, plugin: gitPlugin, fewest: 15 },
  { name: "npm.yaml", path: `${import.meta.dir}/../../plugins/npm/npm.yaml`, plugin: npmPlugin, fewest: 40 },
  { name: "tool.yaml", path: `${import.meta.dir}/../../plugins/tool/tool.yaml`, plugin: toolPlugin, fewest: 3 },
];

test.each(configs)("the cases of $name all pass", async ({ path, plugin, fewest }) => {
  const results = runCases(loadConfig(path), plugin.grammar, ["/workspace"]);
  expect(results.length).toBeGreaterThanOrEqual(fewest);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
});

test.each([gitPlugin, npmPlugin])("the default rules of $name have nothing to warn about", async (plugin) => {
  const config = loadConfig(`${import.meta.dir}/../../plugins/${plugin.name}/${plugin.name}.yaml`);
  expect(configWarnings(config, plugin.grammar, plugin.commands)).toEqual([]);
});

test("definePlugin gives back what it was given", () => {
  const plugin = { name: "a", grammar: gitPlugin.grammar };
  expect(definePlugin(plugin)).toBe(plugin);
});

test.each(["", "Git", "-x", "../x", "a/b", "a b", "a".repeat(65), "x\u001b"])(
  "definePlugin refuses the name %j",
  (name) => {
    expect(() => definePlugin({ name, grammar: gitPlugin.grammar })).toThrow(
      expect.objectContaining({ code: "plugin_invalid", message: expect.stringContaining("its name must be 1 to 64") }),
    );
  },
);

test("the example in definePlugin's doc comment works as it says", async () => {
  const source = await Bun.file(`${import.meta.dir}/../../src/runtime/plugin.ts`).text();
  const example = /```ts\n(?<code>[^]*?)```/u.exec(source)?.groups?.["code"]?.replaceAll(/^ \* ?/gmu, "") ?? "";
  const from = `${import.meta.dir}/../../src/runtime/plugin.ts`;
  const file = `${import.meta.dir}/../../dist/kubectl-${process.pid}.ts`;
  await Bun.write(file, example.replace("claude-container/plugin", from));
  try {
    const { kubectlPlugin } = (await import(file)) as { kubectlPlugin: Plugin };
    expect(kubectlPlugin.grammar(["-n", "prod", "get", "pods", "-A"])).toEqual({
      kind: "command",
      command: "get",
      rest: {
        options: [{ names: ["--namespace", "-n"], value: "prod" }, { names: ["--all-namespaces", "-A"] }],
        positionals: ["pods"],
      },
    });
    expect(kubectlPlugin.grammar(["--what", "get"]).kind).toBe("unclear");
  } finally {
    await Bun.file(file).delete();
  }
});
