import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, stat, symlink } from "node:fs/promises";

import { TemporaryHome } from "./home.ts";

// A home whose executables are not of these sources is built first.
setDefaultTimeout(60_000);

test("install.sh lays out the home: private folders, the client, a link and a config for git", async () => {
  await using home = await TemporaryHome.create();
  const { status, stderr } = await home.install();
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const modes = ["config", "secrets", "audit", "sockets", "sockets/git", "logs", "run"].map(
    async (name) => (await stat(home.path(name))).mode & 0o777,
  );
  expect(new Set(await Promise.all(modes))).toEqual(new Set([0o700]));
  expect(await readlink(home.path("cli/git"))).toBe("plugin-client");
  expect(await readlink(home.path("sockets/git.sock"))).toBe("git/git.sock");
  expect((await stat(home.path("config/git.yaml"))).mode & 0o777).toBe(0o600);
});

test("install.sh puts the schema of configs beside them, and the newest in place of an older one", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  const newest = await readFile(`${import.meta.dir}/../../plugins/schema.json`, "utf8");
  expect(await readFile(home.path("config/schema.json"), "utf8")).toBe(newest);
  await Bun.write(home.path("config/schema.json"), "{}");
  await home.install();
  expect(await readFile(home.path("config/schema.json"), "utf8")).toBe(newest);
});

test("install.sh is silent the second time, and keeps an edited config", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await home.writeConfig("git", "plugin: git # mine\n");
  expect(await home.install()).toEqual({ stdout: "", stderr: "", status: 0 });
  expect(await readFile(home.path("config/git.yaml"), "utf8")).toBe("plugin: git # mine\n");
});

test("install.sh says once, in one line, that the default of an edited config has changed", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await home.writeConfig("git", "plugin: git # mine\n");
  await Bun.write(home.path("bin/defaults/git.yaml"), "plugin: git # the default of before\n");
  const { stdout } = await home.install();
  expect(stdout.split("\n")).toEqual([expect.stringContaining(`Kept ${home.path("config/git.yaml")}`), ""]);
  expect((await home.install()).stdout).toBe("");
  expect(await readFile(home.path("config/git.yaml"), "utf8")).toBe("plugin: git # mine\n");
});

test("install.sh links a tool that came as a config, and keeps a wrapper that is there", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await home.writeConfig("one", "plugin: one\nexec: /bin/echo\n");
  await home.writeConfig("two", "plugin: two\nexec: /bin/echo\n");
  await Bun.write(home.path("cli/two"), "#!/bin/sh\n");
  await home.install();
  expect(await readlink(home.path("cli/one"))).toBe("plugin-client");
  expect(await readFile(home.path("cli/two"), "utf8")).toBe("#!/bin/sh\n");
});

test("install.sh passes over a config whose name cannot be a command, and says so", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  await home.writeConfig("-x y", "plugin: x\n");
  const { stderr, status } = await home.install();
  expect({ stderr, status }).toEqual({ stderr: expect.stringContaining("Passed over"), status: 0 });
});

test("install.sh builds both executables when they are missing, and no trace of the building stays", async () => {
  await using home = await TemporaryHome.create();
  await rm(home.path("cli/plugin-client"));
  const { stdout, status } = await home.install();
  expect({ stdout, status }).toEqual({
    stdout: expect.stringContaining("Built plugin-client plugin-server"),
    status: 0,
  });
  expect((await lstat(home.path("cli/plugin-client"))).mode & 0o777).toBe(0o755);
  const left = await Array.fromAsync(
    new Bun.Glob("**/.build*").scan({ cwd: home.folder, dot: true, onlyFiles: false }),
  );
  expect(left).toEqual([]);
});

test("install.sh brings the pinned Bun from npm when the one in PATH is too old", async () => {
  await using home = await TemporaryHome.create();
  const { packageManager } = await Bun.file(`${import.meta.dir}/../../package.json`).json();
  await writeProgram(`${home.bin}/bun`, "echo 1.0.9");
  // Stands in for npm: puts the Bun that runs this test where the real one would.
  await writeProgram(
    `${home.bin}/npm`,
    `echo "$@" >"${home.top}/npm-arguments"`,
    `mkdir -p "$3/node_modules/.bin"`,
    `ln -s "${process.execPath}" "$3/node_modules/.bin/bun"`,
  );
  const { stderr, status } = await home.install();
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  const asked = await readFile(`${home.top}/npm-arguments`, "utf8");
  expect(asked).toContain(`install --prefix ${home.path(`bin/${packageManager.replace("@", "-")}`)} `);
  expect(asked.trimEnd()).toEndWith(packageManager);
  expect((await home.install()).stdout).toBe("");
});

test("install.sh without Bun and without npm says what to install", async () => {
  await using home = await TemporaryHome.create();
  const bare = `${home.top}/bare`;
  await mkdir(bare);
  for (const name of [
    "bash",
    "env",
    "readlink",
    "dirname",
    "basename",
    "mkdir",
    "chmod",
    "sed",
    "cat",
    "id",
    "stat",
    "find",
  ]) {
    await symlink(Bun.which(name) ?? "", `${bare}/${name}`);
  }
  const { stderr, status } = await home.install({ env: { PATH: bare } });
  expect({ stderr, status }).toEqual({
    stderr: expect.stringMatching(/^install.sh: Cannot find Bun .* or npm: /),
    status: 1,
  });
});

test("install.sh names once what tells an agent about the tools, and writes it to a project only when told to", async () => {
  await using home = await TemporaryHome.create();
  expect((await home.install()).stdout).toContain("scripts/install.sh --agent-texts DIR");
  expect((await home.install()).stdout).toBe("");
  expect(await readdir(home.project)).toEqual([]);
  await Bun.write(`${home.project}/CLAUDE.md`, "# Mine\n");
  expect(await home.script("install.sh", ["--agent-texts", home.project])).toMatchObject({ status: 0, stderr: "" });
  const text = await readFile(`${home.project}/CLAUDE.md`, "utf8");
  const ours = await readFile(`${import.meta.dir}/../../plugins/agent/CLAUDE.md`, "utf8");
  expect(text).toBe(`# Mine\n\n${ours}`);
  const skill = `${home.project}/.claude/skills/plugins/SKILL.md`;
  expect(await readFile(skill, "utf8")).toContain("# Tools behind plugins");
  // Whatever has become of them since is the project's.
  await Bun.write(skill, "edited\n");
  const again = await home.script("install.sh", ["--agent-texts", home.project]);
  expect(again).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^install.sh: Kept .*CLAUDE.md .*\n.*Kept .*it differs/u),
  });
  expect(await readFile(`${home.project}/CLAUDE.md`, "utf8")).toBe(text);
  expect(await readFile(skill, "utf8")).toBe("edited\n");
  expect((await home.script("install.sh", ["--agent-texts", `${home.top}/nowhere`])).status).toBe(1);
  expect((await home.script("install.sh", ["--agent-texts"])).status).toBe(2);
});

test("install.sh takes no arguments but --help", async () => {
  await using home = await TemporaryHome.create();
  expect((await home.script("install.sh", ["--help"])).status).toBe(0);
  expect((await home.script("install.sh", ["--force"])).status).toBe(2);
});

async function writeProgram(path: string, ...lines: readonly string[]): Promise<void> {
  await rm(path, { force: true });
  await Bun.write(path, ["#!/bin/sh", ...lines, ""].join("\n"));
  await chmod(path, 0o755);
}
