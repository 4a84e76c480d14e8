import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { fixture } from "../helpers/executables.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import { call, shell, shellDirect } from "../helpers/shell.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

describe.each(CARRIERS)("exit status over $carrier", ({ carrier, stdio }) => {
  test("every exit code from 0 to 255 is the tool's own", async () => {
    await using plugin = await startPlugin({ tool: "exit-with", exec: fixture("exit-with"), stdio });
    const script = "for code in $(seq 0 255); do exit-with $code; echo $?; done";
    const { stdout, stderr } = await shell(plugin, script);
    expect(stdout.trim().split("\n").map(Number)).toEqual(Array.from({ length: 256 }, (_, code) => code));
    expect(stderr).toBe("");
    expect(new Set(await plugin.carriers())).toEqual(new Set([carrier]));
  }, 30_000);

  test.each([
    { signal: "TERM", status: 143 },
    { signal: "KILL", status: 137 },
    { signal: "SEGV", status: 139 },
    { signal: "HUP", status: 129 },
    { signal: "PIPE", status: 141 },
    { signal: "USR1", status: 138 },
  ])("a tool that $signal ended gives $status, without a line of ours", async ({ signal, status }) => {
    await using plugin = await startPlugin({ tool: "end-by", exec: fixture("end-by"), stdio });
    const script = `ulimit -c 0; end-by ${signal}; echo $?`;
    expect((await shellDirect(plugin, script)).stdout).toBe(`${status}\n`);
    expect(await shell(plugin, script)).toEqual({ stdout: `${status}\n`, stderr: "", status: 0 });
  });

  test("a status between 125 and 127 of the tool's own comes without a line of ours", async () => {
    await using plugin = await startPlugin({ tool: "exit-with", exec: fixture("exit-with"), stdio });
    expect(await call(plugin, ["126"])).toEqual({ stdout: "", stderr: "", status: 126 });
  });

  test("a denied call exits with 126, says one line and runs nothing", async () => {
    const config = "rules:\n  blocked_commands: [publish]";
    await using plugin = await startPlugin({ tool: "minds-its-own", exec: fixture("minds-its-own"), stdio, config });
    const { stdout, stderr, status } = await shell(plugin, "echo kept | { minds-its-own publish; echo $?; cat; }");
    expect(stdout).toBe("126\nkept\n");
    expect(status).toBe(0);
    expect(stderr).toMatch(/^plugin-client: [^\n]*publish[^\n]*blocked_commands[^\n]*\n$/u);
  });

  test("a tool that is not installed beside the plugin gives 127 and the path that was tried", async () => {
    await using plugin = await startPlugin({ tool: "ghost", exec: "/nonexistent/ghost", stdio });
    const { stdout, stderr, status } = await call(plugin, []);
    expect({ stdout, status }).toEqual({ stdout: "", status: 127 });
    expect(stderr).toMatch(/^plugin-client: [^\n]*\/nonexistent\/ghost[^\n]*\n$/u);
  });

  test("a program that may not be executed gives 125 and says why", async () => {
    await using plugin = await startPlugin({ tool: "passwd", exec: "/etc/passwd", stdio });
    const { stderr, status } = await call(plugin, []);
    expect(status).toBe(125);
    expect(stderr).toMatch(/^plugin-client: [^\n]*\/etc\/passwd[^\n]*EACCES[^\n]*\n$/u);
  });
});
