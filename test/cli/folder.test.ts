import { expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";

import { bench } from "./run.ts";

const GIT = "plugin: git\nrules: { blocked_commands: [push] }\ncases:\n  - { run: push, expect: deny }\n";
const NPM = "plugin: npm\nrules: { blocked_commands: [publish] }\ncases:\n  - { run: publish, expect: allow }\n";

test("check of a folder checks every config in it, by name, and runs its cases", async () => {
  await using dir = await bench();
  await mkdir(`${dir.folder}/config`);
  await writeFile(`${dir.folder}/config/git.yaml`, GIT);
  await writeFile(`${dir.folder}/config/bad.yaml`, "plugn: a\n");
  await writeFile(`${dir.folder}/config/notes.txt`, "not a config");
  expect(await dir.run("check", "config")).toEqual({
    status: 1,
    stdout: "config/git.yaml: ok (git)\n",
    stderr: 'config/bad.yaml:1:1: Unknown key "plugn" at the top level; did you mean "plugin"?\n',
  });
  await writeFile(`${dir.folder}/config/bad.yaml`, NPM);
  const { status, stderr } = await dir.run("check", "config");
  expect(status).toBe(1);
  expect(stderr).toBe(`config/bad.yaml:4:5: expected allow, got deny (blocked_commands) in ${dir.folder}\n`);
  // The cases of a file that is named are left to the command test.
  expect((await dir.run("check", "config/bad.yaml")).status).toBe(0);
});

test("test of a folder runs the cases of every config in it", async () => {
  await using dir = await bench({ "git.yaml": GIT, "npm.yaml": NPM });
  const { status, stdout } = await dir.run("test", ".");
  expect(status).toBe(1);
  expect(stdout).toContain("git.yaml: 1 of 1 cases passed\n");
  expect(stdout).toContain("npm.yaml: 0 of 1 cases passed\n");
});

test("a folder without a config is refused", async () => {
  await using dir = await bench();
  expect(await dir.run("check", ".")).toEqual({
    status: 1,
    stdout: "",
    stderr: ".:1:1: Cannot find a config here: the folder has no file with the ending .yaml\n",
  });
});

test("a link out of the folder is refused, one inside of it and a broken one are not mistaken for that", async () => {
  await using dir = await bench({ "other.yaml": GIT });
  await mkdir(`${dir.folder}/config`);
  await writeFile(`${dir.folder}/config/git.yaml`, GIT);
  await symlink("git.yaml", `${dir.folder}/config/inside.yaml`);
  await symlink("../other.yaml", `${dir.folder}/config/outside.yaml`);
  await symlink("nowhere", `${dir.folder}/config/broken.yaml`);
  const { status, stdout, stderr } = await dir.run("check", "config");
  expect(status).toBe(1);
  expect(stdout).toBe("config/git.yaml: ok (git)\nconfig/inside.yaml: ok (git)\n");
  expect(stderr).toContain("config/broken.yaml:1:1: Cannot read the config: there is no such file\n");
  expect(stderr).toContain("config/outside.yaml:1:1: Cannot take ");
  expect(stderr).toContain("it is outside of the folder; put the file itself here\n");
});
