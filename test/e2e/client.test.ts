import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { fixture } from "../helpers/executables.ts";
import { startPlugin } from "../helpers/plugin.ts";
import { shell } from "../helpers/shell.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

const VERSION: string = (await Bun.file(`${import.meta.dir}/../../package.json`).json()).version;

test("a missing plugin gives 127 and the one line that says so", async () => {
  await using plugin = await startPlugin({ tool: "pwd" });
  await symlink(`${plugin.wrappers}/pwd`, `${plugin.wrappers}/npm`);
  const expected = { stdout: "", stderr: "error: npm plugin not available\n", status: 127 };
  expect(await shell(plugin, "npm install")).toEqual(expected);
  expect(await shell(plugin, '"$CLIENT" /nonexistent/npm.sock npm install')).toEqual(expected);
});

test("PLUGIN_SOCKETS/<tool>/<tool>.sock is preferred, PLUGIN_SOCKETS/<tool>.sock is found", async () => {
  await using first = await startPlugin({ tool: "minds-its-own", exec: fixture("minds-its-own") });
  await using second = await startPlugin({
    tool: "minds-its-own",
    exec: fixture("show-arguments"),
    config: "roots: [/]",
  });
  const folder = `${first.folder}/sockets`;
  await mkdir(`${folder}/minds-its-own`, { recursive: true });
  await symlink(first.socket, `${folder}/minds-its-own.sock`);
  const run = async (): Promise<string> =>
    (await shell(first, "minds-its-own a", { env: { PLUGIN_SOCKETS: folder } })).stdout;
  expect(await run()).toBe("called with a\n");
  await symlink(second.socket, `${folder}/minds-its-own/minds-its-own.sock`);
  expect(await run()).toBe("1\na\0");
});

test("a socket of another tool refuses the call with 125 and says which it is", async () => {
  await using plugin = await startPlugin({ tool: "pwd" });
  const { stdout, stderr, status } = await shell(plugin, '"$CLIENT" "$SOCKET" git status');
  expect({ stdout, status }).toEqual({ stdout: "", status: 125 });
  expect(stderr).toMatch(/^plugin-client: [^\n]*pwd plugin[^\n]*git[^\n]*\n$/u);
});

test("plugin-client --list says how each plugin is", async () => {
  await using plugin = await startPlugin({ tool: "pwd" });
  await symlink("/nonexistent", `${plugin.folder}/s/gone.sock`);
  expect(await shell(plugin, '"$CLIENT" --list')).toMatchObject({
    stdout: expect.stringMatching(/^pwd {2,}ready$/mu),
    stderr: "",
    status: 0,
  });
});

test("plugin-client --list --json gives a program what it needs", async () => {
  await using plugin = await startPlugin({ tool: "pwd" });
  const { stdout, stderr, status } = await shell(plugin, '"$CLIENT" --list --json');
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(JSON.parse(stdout)).toEqual([
    {
      tool: "pwd",
      state: "ready",
      socket: plugin.socket,
      pid: plugin.pid,
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u),
      sessions: 0,
      version: VERSION,
      carrier: "none",
      problem: "",
      reason: null,
    },
  ]);
});

test("plugin-client --list passes over a link to a socket that is not there yet", async () => {
  await using plugin = await startPlugin({ tool: "pwd" });
  const { stdout } = await shell(plugin, 'ln -s npm/npm.sock "$PLUGIN_SOCKETS/npm.sock"; "$CLIENT" --list');
  expect(stdout).toBe("pwd  ready\n");
});

test("plugin-client --list shows a plugin that was killed as down, with what to do", async () => {
  await using plugin = await startPlugin({ tool: "pwd" });
  plugin.signal("SIGKILL");
  await plugin.exited;
  const { stdout, status } = await shell(plugin, '"$CLIENT" --list; "$CLIENT" --list --json');
  expect(status).toBe(0);
  expect(stdout.split("\n")[0]).toMatch(/^pwd {2}down: .*start/u);
  expect(JSON.parse(stdout.split("\n")[1] ?? "")).toMatchObject([{ tool: "pwd", state: "down", pid: null }]);
});

test("plugin-client --version and --help answer on stdout", async () => {
  await using plugin = await startPlugin({ tool: "pwd" });
  expect(await shell(plugin, '"$CLIENT" --version')).toEqual({
    stdout: `plugin-client ${VERSION}\n`,
    stderr: "",
    status: 0,
  });
  const { stdout, stderr, status } = await shell(plugin, '"$CLIENT" --help');
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  for (const word of ["SOCKET TOOL", "--list", "--json", "--version", "PLUGIN_SOCKETS", "125", "126", "127"]) {
    expect(stdout).toContain(word);
  }
});

test.each(["", "--unknown", "/some/socket", "--list --jso"])(
  "plugin-client %p is refused with a line that names --help",
  async (args) => {
    await using plugin = await startPlugin({ tool: "pwd" });
    const { stdout, stderr, status } = await shell(plugin, `"$CLIENT" ${args}`);
    expect({ stdout, status }).toEqual({ stdout: "", status: 125 });
    expect(stderr).toMatch(/^plugin-client: [^\n]*--help\n$/u);
  },
);
