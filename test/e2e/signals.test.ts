import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fixture } from "../helpers/executables.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import type { PluginProcess } from "../helpers/plugin.ts";
import { catches, isAlive, isStopped } from "../helpers/processes.ts";
import { start, startCall } from "../helpers/shell.ts";
import type { Running } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

/** A call whose client forwards signals already, and the pid of its tool, which says it in the file "started". */
async function startTool(
  plugin: PluginProcess,
  args: readonly string[] = [],
): Promise<{ running: Running; tool: number }> {
  const running = startCall(plugin, args);
  const tool = await waitFor("the tool says its pid", () => numberIn(`${plugin.workspace}/started`));
  await waitFor("the client minds signals", () => catches(running.pid, SIGTSTP));
  return { running, tool };
}

function numberIn(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

const SIGTSTP = 20;

describe.each(CARRIERS)("signals over $carrier", ({ stdio }) => {
  test("INT once ends tool and client, as a shell expects it", async () => {
    await using plugin = await startPlugin({ tool: "waits", exec: fixture("waits"), stdio });
    const { running, tool } = await startTool(plugin);
    running.kill("SIGINT");
    expect(await running.finished).toEqual({ stdout: "waits\n", stderr: "", status: 130 });
    expect(isAlive(tool)).toBe(false);
  });

  test("INT twice reaches a tool that survives the first", async () => {
    await using plugin = await startPlugin({ tool: "ask-twice", exec: fixture("ask-twice"), stdio });
    const { running } = await startTool(plugin);
    running.kill("SIGINT");
    await waitFor("the tool has survived", async () => (await running.stdout()).includes("first\n"));
    running.kill("SIGINT");
    expect(await running.finished).toEqual({ stdout: "first\nsecond\n", stderr: "", status: 7 });
  });

  test.each([
    { signal: "SIGTERM", status: 143 },
    { signal: "SIGHUP", status: 129 },
    { signal: "SIGQUIT", status: 131 },
  ] as const)("$signal for the client ends the tool, and the status says so", async ({ signal, status }) => {
    await using plugin = await startPlugin({ tool: "waits", exec: fixture("waits"), stdio });
    const { running, tool } = await startTool(plugin);
    running.kill(signal);
    expect(await running.finished).toMatchObject({ stderr: "", status });
    expect(isAlive(tool)).toBe(false);
  });

  test("a tool that turns TERM into an exit code of its own has that code", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    const script = "trap 'echo cleaned up; exit 9' TERM; echo $$ >started; while :; do sleep 0.02; done";
    const { running } = await startTool(plugin, ["-c", script]);
    running.kill("SIGTERM");
    expect(await running.finished).toMatchObject({ stdout: "cleaned up\n", status: 9 });
  });

  test("TSTP stops client and tool, CONT continues both, and the call ends as if nothing had been", async () => {
    await using plugin = await startPlugin({ tool: "deaf", exec: fixture("deaf"), stdio });
    const { running, tool } = await startTool(plugin);
    running.kill("SIGTSTP");
    await waitFor("the client is stopped", () => isStopped(running.pid));
    await waitFor("the tool is stopped", () => isStopped(tool));
    running.kill("SIGCONT");
    await waitFor("the client goes on", () => !isStopped(running.pid));
    await waitFor("the tool goes on", () => !isStopped(tool));
    await Bun.write(`${plugin.workspace}/go`, "");
    expect(await running.finished).toEqual({ stdout: "done\n", stderr: "", status: 0 });
  });

  test("TSTP and CONT work a second time", async () => {
    await using plugin = await startPlugin({ tool: "deaf", exec: fixture("deaf"), stdio });
    const { running, tool } = await startTool(plugin);
    for (let round = 1; round <= 2; round += 1) {
      running.kill("SIGTSTP");
      await waitFor(`both are stopped in round ${round}`, () => isStopped(running.pid) && isStopped(tool));
      running.kill("SIGCONT");
      await waitFor(`both go on after round ${round}`, () => !isStopped(running.pid) && !isStopped(tool));
    }
    await Bun.write(`${plugin.workspace}/go`, "");
    expect((await running.finished).stdout).toBe("done\n");
  });

  test("a tool of a stopped client ends too when the client is killed", async () => {
    await using plugin = await startPlugin({ tool: "waits", exec: fixture("waits"), stdio });
    const { running, tool } = await startTool(plugin);
    running.kill("SIGTSTP");
    await waitFor("the tool is stopped", () => isStopped(tool));
    running.kill("SIGKILL");
    await waitFor("the tool is gone", () => !isAlive(tool), 3000);
  });
});

test("a client that is left with output which nobody reads can still be ended", async () => {
  await using plugin = await startPlugin({ tool: "head", stdio: "relay" });
  // More than the pipe takes, less than the client asks for at once; `exec` makes the client of the shell.
  const script = 'mkfifo stuck && exec 3<>stuck && exec "$CLIENT" "$SOCKET" head -c 2000000 /dev/zero >stuck';
  const running = start(plugin, ["bash", "-c", script]);
  await waitFor("the tool has ended", async () => (await plugin.log()).includes('"exit":0'));
  // The first may still be on its way to the tool when the client hears of the tool's end.
  await waitFor("the client obeys", () => {
    running.kill("SIGTERM");
    return !isAlive(running.pid);
  });
  expect((await running.finished).status).toBe(128 + 15);
});
