import { expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { rename, rm, symlink, writeFile } from "node:fs/promises";
import { askHealth } from "../../src/protocol/ask-health.ts";
import { startPlugin, type PluginProcess } from "../helpers/plugin.ts";
import { call, shell, startCall } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

setDefaultTimeout(20_000);

const OPEN = "plugin: git\n";
const CLOSED = "plugin: git\nrules: { blocked_commands: [version] }\n";

/** How editors write: in place, or another file that takes the name. */
const WRITERS = {
  "written in place": writeFile,
  "replaced by another": async (path: string, text: string): Promise<void> => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  },
};

async function problemOf(plugin: PluginProcess): Promise<string> {
  return (await askHealth(plugin.socket)).problem;
}

test.each(Object.entries(WRITERS))("a config that is %s counts from the next call on", async (_how, write) => {
  await using plugin = await startPlugin({ tool: "git" });
  expect((await call(plugin, ["version"])).status).toBe(0);
  for (let round = 0; round < 5; round += 1) {
    await write(plugin.config, CLOSED);
    expect((await call(plugin, ["version"])).status).toBe(126);
    await write(plugin.config, OPEN);
    expect((await call(plugin, ["version"])).status).toBe(0);
  }
});

test("two changes in one moment, of one length, are two", async () => {
  await using plugin = await startPlugin({ tool: "git" });
  for (let round = 0; round < 20; round += 1) {
    await writeFile(plugin.config, "plugin: git\nrules: { blocked_commands: [version] }\n");
    await writeFile(plugin.config, "plugin: git\nrules: { blocked_commands: [verbose] }\n");
    expect((await call(plugin, ["version"])).status).toBe(0);
  }
});

test.each([
  {
    name: "broken",
    text: "plugin: git\nrules: { blocked_comands: [version] }\n",
    problem: /:2:10: .*blocked_commands/u,
  },
  { name: "empty", text: "", problem: /The config is empty/u },
  { name: "of another tool", text: "plugin: npm\n", problem: /:1:\d+: This is the git plugin/u },
  {
    name: "without a folder to work in",
    text: "plugin: git\nroots: [/nowhere/at/all]\n",
    problem: /\/nowhere\/at\/all/u,
  },
])("a config that is $name changes nothing, and health and the log say so", async ({ text, problem }) => {
  await using plugin = await startPlugin({ tool: "git", config: "rules: { blocked_commands: [status] }" });
  await writeFile(plugin.config, text);
  expect((await call(plugin, ["version"])).status).toBe(0);
  expect((await call(plugin, ["status"])).status).toBe(126);
  expect(await problemOf(plugin)).toMatch(problem);
  const logged = await plugin.events("config_broken");
  expect(logged).toHaveLength(1);
  expect(logged[0]?.["error"]).toMatch(problem);
  await writeFile(plugin.config, OPEN);
  expect((await call(plugin, ["status"])).stderr).not.toContain("denied");
  expect(await problemOf(plugin)).toBe("");
});

test("a config that is deleted changes nothing", async () => {
  await using plugin = await startPlugin({ tool: "git", config: "rules: { blocked_commands: [status] }" });
  await rm(plugin.config);
  expect((await call(plugin, ["status"])).status).toBe(126);
  expect(await problemOf(plugin)).toEndWith("Cannot read the config: there is no such file");
});

test("a config that becomes an endless file is read no further than a config may be long", async () => {
  await using plugin = await startPlugin({ tool: "git" });
  await symlink("/dev/zero", `${plugin.folder}/endless`);
  await rename(`${plugin.folder}/endless`, plugin.config);
  expect((await call(plugin, ["version"])).status).toBe(0);
  expect(await problemOf(plugin)).toEndWith("it is larger than 1 MiB");
});

test("`plugin-client --list` names a broken config", async () => {
  await using plugin = await startPlugin({ tool: "git" });
  await writeFile(plugin.config, "plugin: [git]\n");
  expect((await shell(plugin, '"$CLIENT" --list')).stdout).toMatch(
    /^git {2}ready, on its former config: .*git\.yaml:1:9: /u,
  );
});

test("a call that runs keeps the config that it was started with", async () => {
  await using plugin = await startPlugin({ tool: "sh", stdio: "relay" });
  const running = startCall(plugin, ["-c", ": >started; until [ -e go ]; do sleep 0.02; done; echo done"]);
  await waitFor("it runs", () => Bun.file(`${plugin.workspace}/started`).exists());
  await writeFile(plugin.config, "plugin: sh\nstdio: auto\nlimits: { sessions: 1 }\n");
  expect((await askHealth(plugin.socket)).sessions).toBe(1);
  await writeFile(`${plugin.workspace}/go`, "");
  expect(await running.finished).toEqual({ status: 0, stdout: "done\n", stderr: "" });
  expect((await call(plugin, ["-c", "echo next"])).stdout).toBe("next\n");
  expect(await plugin.carriers()).toEqual(["frames", "descriptors"]);
});

test("more sessions are there for those who wait already", async () => {
  await using plugin = await startPlugin({ tool: "sh", config: "limits: { sessions: 1 }" });
  const wait = ["-c", "until [ -e go ]; do sleep 0.02; done"];
  const calls = [startCall(plugin, wait), startCall(plugin, wait), startCall(plugin, wait)];
  await waitFor("two wait", async () => (await askHealth(plugin.socket)).waiting === 2);
  await writeFile(plugin.config, "plugin: sh\nlimits: { sessions: 3 }\n");
  const { sessions, waiting } = await askHealth(plugin.socket);
  expect({ sessions, waiting }).toEqual({ sessions: 3, waiting: 0 });
  await writeFile(`${plugin.workspace}/go`, "");
  expect(await Promise.all(calls.map(async ({ finished }) => (await finished).status))).toEqual([0, 0, 0]);
});

test("who may connect follows the config", async () => {
  await using plugin = await startPlugin({ tool: "git" });
  await writeFile(plugin.config, 'plugin: git\naccess: { mode: "0666", uids: [4242] }\n');
  expect((await call(plugin, ["version"])).stderr).toContain("may not use the git plugin");
  expect(statSync(plugin.socket).mode & 0o777).toBe(0o666);
});
