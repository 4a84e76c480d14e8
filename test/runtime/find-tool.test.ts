import { expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { findTool } from "../../src/runtime/find-tool.ts";

/** Three folders for a PATH: one with a link to the client, one with a tool, one with another. */
async function folders(): Promise<{ top: string; path: string } & AsyncDisposable> {
  const top = await mkdtemp(`${tmpdir()}/ft-`);
  for (const name of ["cli", "a", "b"]) {
    await mkdir(`${top}/${name}`);
  }
  await writeFile(`${top}/cli/plugin-client`, "#!/bin/sh\n");
  await chmod(`${top}/cli/plugin-client`, 0o755);
  await symlink("plugin-client", `${top}/cli/tool`);
  for (const name of ["a", "b"]) {
    await writeFile(`${top}/${name}/tool`, "#!/bin/sh\n");
    await chmod(`${top}/${name}/tool`, 0o755);
  }
  const path = ["cli", "a", "b"].map((name) => `${top}/${name}`).join(":");
  return { top, path, [Symbol.asyncDispose]: async () => await rm(top, { recursive: true }) };
}

test("findTool() passes over the client, which goes by the tool's name in the agent's PATH", async () => {
  await using made = await folders();
  expect(findTool("tool", undefined, made.path)).toBe(`${made.top}/a/tool`);
});

test("findTool() passes over a link to a link to the client", async () => {
  await using made = await folders();
  await rm(`${made.top}/a/tool`);
  await symlink(`${made.top}/cli/tool`, `${made.top}/a/tool`);
  expect(findTool("tool", undefined, made.path)).toBe(`${made.top}/b/tool`);
});

test("findTool() finds nothing where there is only the client", async () => {
  await using made = await folders();
  expect(findTool("tool", undefined, `${made.top}/cli`)).toBeUndefined();
});

test("findTool() passes over what cannot be executed, and folders", async () => {
  await using made = await folders();
  await chmod(`${made.top}/a/tool`, 0o644);
  await mkdir(`${made.top}/cli/x`);
  expect(findTool("tool", undefined, made.path)).toBe(`${made.top}/b/tool`);
  expect(findTool("x", undefined, made.path)).toBeUndefined();
});

test("findTool() takes exec of the config as it is", () => {
  expect(findTool("tool", "/nonexistent/tool", "/bin")).toBe("/nonexistent/tool");
});

test.each(["", ":", "/nonexistent", "/nonexistent:/proc/1/fd"])("findTool() finds nothing in the PATH %p", (path) => {
  expect(findTool("tool-that-is-nowhere", undefined, path)).toBeUndefined();
});

test("findTool() does not look in the working folder for an empty entry of PATH", async () => {
  await using made = await folders();
  const cwd = process.cwd();
  process.chdir(`${made.top}/a`);
  try {
    expect(findTool("tool", undefined, "")).toBeUndefined();
    expect(findTool("tool", undefined, `:${made.top}/b`)).toBe(`${made.top}/b/tool`);
  } finally {
    process.chdir(cwd);
  }
});
