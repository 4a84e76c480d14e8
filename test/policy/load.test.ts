import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadConfig } from "../../src/policy/load.ts";

test("loadConfig reads a file and keeps its name as it was given", async () => {
  await using file = await configFile("plugin: git\n");
  const config = loadConfig(file.path);
  expect(config.plugin).toBe("git");
  expect(config.file).toBe(file.path);
});

test("loadConfig skips a byte order mark", async () => {
  await using file = await configFile("\ufeffplugin: git\n");
  expect(loadConfig(file.path).plugin).toBe("git");
});

test("loadConfig takes a file of exactly 1 MiB", async () => {
  const text = "plugin: git\n#";
  await using file = await configFile(text + "x".repeat(1024 * 1024 - text.length));
  expect(loadConfig(file.path).plugin).toBe("git");
});

test.each([
  { name: "a file of 1 MiB and one byte", content: "#".repeat(1024 * 1024 + 1), why: "it is larger than 1 MiB" },
  { name: "a file of 10 MB", content: "#".repeat(10_000_000), why: "it is larger than 1 MiB" },
  { name: "bytes that are not UTF-8", content: new Uint8Array([0x70, 0xff, 0xfe]), why: "it is not UTF-8 text" },
])("loadConfig refuses $name", async ({ content, why }) => {
  await using file = await configFile(content);
  expect(messageOf(file.path)).toBe(`${file.path}:1:1: Cannot read the config: ${why}`);
});

test.each([
  { name: "a missing file", path: "/nowhere/git.yaml", why: "there is no such file" },
  { name: "a folder", path: "/", why: "it is a folder" },
  { name: "an endless file", path: "/dev/zero", why: "it is larger than 1 MiB" },
  { name: "a path through a file", path: "/dev/null/git.yaml", why: "a part of its path is not a folder" },
])("loadConfig refuses $name", ({ path, why }) => {
  expect(messageOf(path)).toBe(`${path}:1:1: Cannot read the config: ${why}`);
});

function messageOf(path: string): string {
  try {
    loadConfig(path);
    return "accepted";
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "config_invalid" ? error.message : "?";
  }
}

async function configFile(content: string | Uint8Array): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), "load-"));
  const path = join(folder, "git.yaml");
  await writeFile(path, content);
  return { path, [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }) };
}
