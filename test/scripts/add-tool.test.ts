import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, readFile, readlink, symlink } from "node:fs/promises";

import { TemporaryHome } from "./home.ts";

setDefaultTimeout(60_000);

/** A tool of its own, for not every machine has the same programs. */
async function homeWithProgram(): Promise<TemporaryHome> {
  const home = await TemporaryHome.create();
  await symlink("/bin/echo", `${home.bin}/hello`);
  await home.run(["start"]);
  return home;
}

test("add-tool.sh adds a program of PATH while git's plugin goes on, and --remove takes it away", async () => {
  await using home = await homeWithProgram();
  const git = await home.pidOf("git");
  expect(await home.script("add-tool.sh", ["hello"])).toMatchObject({ status: 0, stderr: "" });
  expect((await home.run(["exec", "sh", "-c", "command -v hello; hello it works"])).stdout).toBe(
    `${home.path("cli/hello")}\nit works\n`,
  );
  expect(await home.script("add-tool.sh", ["--remove", "hello"])).toEqual({
    stdout: "Stopped hello\nadd-tool.sh: Removed hello\n",
    stderr: "",
    status: 0,
  });
  for (const made of ["cli/hello", "config/hello.yaml", "sockets/hello", "sockets/hello.sock", "run/added/hello"]) {
    expect(existsSync(home.path(made))).toBe(false);
  }
  expect(await home.pidOf("git")).toBe(git);
});

test("add-tool.sh --remove keeps a config that was edited, and what the user had before", async () => {
  await using home = await homeWithProgram();
  await Bun.write(home.path("cli/hello"), "#!/bin/sh\n");
  await home.script("add-tool.sh", ["hello"]);
  await home.writeConfig("hello", "plugin: hello # mine\n");
  await home.script("add-tool.sh", ["--remove", "hello"]);
  expect(await readFile(home.path("config/hello.yaml.removed"), "utf8")).toBe("plugin: hello # mine\n");
  expect(existsSync(home.path("config/hello.yaml"))).toBe(false);
  expect(await readFile(home.path("cli/hello"), "utf8")).toBe("#!/bin/sh\n");
});

test("add-tool.sh takes the config that is there as it is", async () => {
  await using home = await homeWithProgram();
  await home.writeConfig("shout", "plugin: shout\nexec: /bin/echo\n");
  expect(await home.script("add-tool.sh", ["shout"])).toMatchObject({ status: 0 });
  expect(await readFile(home.path("config/shout.yaml"), "utf8")).toBe("plugin: shout\nexec: /bin/echo\n");
  await home.script("add-tool.sh", ["--remove", "shout"]);
  expect(existsSync(home.path("config/shout.yaml"))).toBe(true);
});

test("add-tool.sh writes the default config of a tool whose plugin comes with us", async () => {
  await using home = await TemporaryHome.create();
  await symlink("/bin/echo", `${home.bin}/npm`);
  expect(await home.script("add-tool.sh", ["npm"])).toMatchObject({ status: 0 });
  expect(await readFile(home.path("config/npm.yaml"), "utf8")).toBe(
    await readFile(`${import.meta.dir}/../../plugins/npm/npm.yaml`, "utf8"),
  );
  expect(await readlink(home.path("cli/npm"))).toBe("plugin-client");
});

test("a program that is not in PATH is refused before anything is made", async () => {
  await using home = await TemporaryHome.create();
  await home.install();
  const before = (await readdir(home.folder, { recursive: true })).toSorted();
  const { stderr, status } = await home.script("add-tool.sh", ["--local", "no-such-program"]);
  expect({ stderr, status }).toEqual({
    stderr: expect.stringMatching(/^add-tool\.sh: Cannot find the program no-such-program in PATH: [^\n]+\n$/),
    status: 1,
  });
  expect((await readdir(home.folder, { recursive: true })).toSorted()).toEqual(before);
});

test.each([
  { title: "no name", args: [], status: 2 },
  { title: "two names", args: ["a", "b"], status: 2 },
  { title: "a name that cannot be one", args: ["../x"], status: 2 },
  { title: "an unknown option", args: ["--frob", "x"], status: 2 },
  { title: "a package that cannot be one", args: ["x", "--package", "a; b"], status: 2 },
  { title: "a package and an image", args: ["x", "--package", "a", "--image", "b"], status: 2 },
  { title: "a package in local mode", args: ["--local", "x", "--package", "a"], status: 2 },
  { title: "a tool that is there", args: ["--local", "git"], status: 1 },
  { title: "the removal of what was not added", args: ["--local", "--remove", "git"], status: 1 },
])("add-tool.sh answers $title with one line and $status", async ({ args, status }) => {
  await using home = await TemporaryHome.create();
  await home.install();
  const outcome = await home.script("add-tool.sh", args);
  expect(outcome).toEqual({ stdout: "", stderr: expect.stringMatching(/^add-tool\.sh: [^\n]+\n$/), status });
});
