import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { fixture } from "../helpers/executables.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import { call, shell, shellDirect } from "../helpers/shell.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

describe.each(CARRIERS)("arguments over $carrier", ({ stdio }) => {
  test.each<{ name: string; args: string[] }>([
    { name: "none", args: [] },
    { name: "empty ones", args: ["", "", "x", ""] },
    { name: "newlines and other controls", args: ["a\nb", "\n", "\t\r\u0001\u007f\u001b[0m"] },
    { name: "quotes, backslashes and dollars", args: [`'`, `"`, "\\", "$HOME", "`id`", `$'\\n'`, "*"] },
    { name: "leading dashes", args: ["-", "--", "-x", "--help", "--version", "--list", "--socket=x"] },
    { name: "other scripts and planes", args: ["žluťoučký", "日本語", "🙂", "e\u0301", "\u202e", "\ufeff", "\uffff"] },
    { name: "a real replacement character", args: ["\ufffd"] },
    { name: "one of 100 kB", args: ["x".repeat(100_000)] },
    { name: "one as long as the kernel allows", args: ["x".repeat(131_071)] },
    { name: "5,000", args: Array.from({ length: 5000 }, (_, index) => `argument ${index}`) },
  ])("arrive exactly: $name", async ({ args }) => {
    await using plugin = await startPlugin({ tool: "show-arguments", exec: fixture("show-arguments"), stdio });
    const { stdout, stderr, status } = await call(plugin, args);
    expect({ stdout, stderr, status }).toEqual({
      stdout: `${args.length}\n${args.map((argument) => `${argument}\0`).join("")}`,
      stderr: "",
      status: 0,
    });
  });

  test("the client called as a link passes its arguments on as they are", async () => {
    await using plugin = await startPlugin({ tool: "show-arguments", exec: fixture("show-arguments"), stdio });
    const script = `show-arguments --list -- "" 'a b' $'two\\nlines' "it's"`;
    expect(await shell(plugin, script)).toEqual(await shellDirect(plugin, script));
  });

  test("one that is not UTF-8 is refused with 125, and nothing runs", async () => {
    await using plugin = await startPlugin({ tool: "show-arguments", exec: fixture("show-arguments"), stdio });
    const { stdout, stderr, status } = await shell(plugin, "show-arguments fine $'caf\\xe9'");
    expect({ stdout, status }).toEqual({ stdout: "", status: 125 });
    expect(stderr).toMatch(/^plugin-client: [^\n]*argument 2[^\n]*not valid UTF-8[^\n]*\n$/u);
    expect(await plugin.events("session")).toEqual([]);
  });

  test("more than a message carries is refused with 125 and the limit", async () => {
    await using plugin = await startPlugin({ tool: "show-arguments", exec: fixture("show-arguments"), stdio });
    const many = Array.from({ length: 12 }, () => "x".repeat(100_000));
    const { stdout, stderr, status } = await call(plugin, many);
    expect({ stdout, status }).toEqual({ stdout: "", status: 125 });
    expect(stderr).toMatch(/^plugin-client: [^\n]*argument list too long[^\n]*1048576[^\n]*\n$/u);
  });

  test("xargs can pass thousands of names", async () => {
    await using plugin = await startPlugin({ tool: "show-arguments", exec: fixture("show-arguments"), stdio });
    expect((await shell(plugin, "seq 20000 | xargs show-arguments | head -1")).stdout).toBe("20000\n");
  });
});

describe.each(CARRIERS)("working folder over $carrier", ({ stdio }) => {
  test("the tool starts in the caller's folder, with symlinks resolved", async () => {
    await using plugin = await startPlugin({ tool: "pwd", stdio });
    await mkdir(`${plugin.workspace}/real/deep`, { recursive: true });
    await symlink(`${plugin.workspace}/real`, `${plugin.workspace}/link`);
    expect((await shell(plugin, "cd link/deep && command pwd >/dev/null; env pwd")).stdout).toBe(
      `${plugin.workspace}/real/deep\n`,
    );
  });

  test("a folder 60 levels deep, with names of 50 characters, works", async () => {
    await using plugin = await startPlugin({ tool: "pwd", stdio });
    const deep = `${plugin.workspace}/${Array.from({ length: 60 }, () => "d".repeat(50)).join("/")}`;
    await mkdir(deep, { recursive: true });
    expect((await call(plugin, [], { cwd: deep })).stdout).toBe(`${deep}\n`);
  });

  test("a folder with blanks, quotes and a newline in its name works", async () => {
    await using plugin = await startPlugin({ tool: "pwd", stdio });
    const odd = `${plugin.workspace}/it's "odd"\nhere`;
    await mkdir(odd);
    expect((await call(plugin, [], { cwd: odd })).stdout).toBe(`${odd}\n`);
  });

  test("a deleted folder gives a status other than 0 and a message", async () => {
    await using plugin = await startPlugin({ tool: "pwd", stdio });
    const { stdout, stderr, status } = await shell(plugin, "mkdir gone; cd gone; rmdir ../gone; env pwd");
    expect({ stdout, isFailure: status !== 0 }).toEqual({ stdout: "", isFailure: true });
    expect(stderr).not.toBe("");
  });

  test("a folder outside the roots is denied with 126 and the rule", async () => {
    await using plugin = await startPlugin({ tool: "pwd", stdio });
    const { stdout, stderr, status } = await call(plugin, [], { cwd: "/usr" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 126 });
    expect(stderr).toMatch(/^plugin-client: [^\n]*\/usr[^\n]*roots[^\n]*\n$/u);
  });

  test("a symlink in the roots that leads out of them is denied", async () => {
    await using plugin = await startPlugin({ tool: "pwd", stdio });
    await symlink("/usr", `${plugin.workspace}/out`);
    expect((await call(plugin, [], { cwd: `${plugin.workspace}/out` })).status).toBe(126);
  });
});
