import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fixture } from "../helpers/executables.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import { childrenOf, isAlive } from "../helpers/processes.ts";
import { call, shell, start, startCall } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

/** How long it may take until nothing is left of a tool whose client was killed. */
const GONE_MS = 3000;

function pidsIn(path: string, count: number): number[] | undefined {
  try {
    const pids = readFileSync(path, "utf8").trim().split("\n").map(Number);
    // A file that was made and not written yet holds no pid.
    return pids.length === count && pids.every((pid) => pid > 0) ? pids : undefined;
  } catch {
    return undefined;
  }
}

describe.each(CARRIERS)("what is lost over $carrier", ({ stdio }) => {
  test("a killed client takes its tool with it: children in other sessions, without environment, deaf to TERM", async () => {
    await using plugin = await startPlugin({
      tool: "family",
      exec: fixture("family"),
      stdio,
      config: "limits: { grace: 1s }",
    });
    const running = startCall(plugin, []);
    const pids = await waitFor("the family is complete", () => pidsIn(`${plugin.workspace}/pids`, 4));
    expect(pids.filter(isAlive)).toEqual(pids);
    running.kill("SIGKILL");
    await waitFor("the family is gone", () => !pids.some(isAlive), GONE_MS);
    expect((await plugin.events("session")).at(-1)).toMatchObject({ lost: true });
  });

  test("a child that pretends to be of another session is gone too when the client is killed", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio, config: "limits: { grace: 200ms }" });
    const child = "(PLUGIN_SESSION=forged setsid sh -c 'echo $$ >child; exec sleep 300' &)";
    const running = startCall(plugin, ["-c", `${child}; exec sleep 300`]);
    const [pid = 0] = await waitFor("the child runs", () => pidsIn(`${plugin.workspace}/child`, 1));
    running.kill("SIGKILL");
    try {
      await waitFor("the child is gone", () => !isAlive(pid), GONE_MS);
    } finally {
      if (isAlive(pid)) {
        process.kill(pid, "SIGKILL");
      }
    }
  });

  test("nothing of another call is touched when a client is killed", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio, config: "limits: { grace: 200ms }" });
    const family = (name: string): string => `setsid sh -c 'echo $$ >${name}; exec sleep 300' & exec sleep 300`;
    const victim = startCall(plugin, ["-c", family("victim")]);
    const other = startCall(plugin, ["-c", family("other")]);
    const [lost = 0] = await waitFor("the victim's child runs", () => pidsIn(`${plugin.workspace}/victim`, 1));
    const [kept = 0] = await waitFor("the other's child runs", () => pidsIn(`${plugin.workspace}/other`, 1));
    victim.kill("SIGKILL");
    await waitFor("the victim's child is gone", () => !isAlive(lost), GONE_MS);
    expect(isAlive(kept)).toBe(true);
    other.kill("SIGKILL");
    await waitFor("the other's child is gone", () => !isAlive(kept), GONE_MS);
  });

  test("a killed client that was piped to leaves no endless tool", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    const script = "echo $$ >started; while :; do echo line; done";
    const running = start(plugin, ["bash", "-c", `sh -c '${script}' >/dev/null & echo $! >client; wait`]);
    const [tool = 0] = await waitFor("the tool runs", () => pidsIn(`${plugin.workspace}/started`, 1));
    const [client = 0] = await waitFor("the client's pid is known", () => pidsIn(`${plugin.workspace}/client`, 1));
    process.kill(client, "SIGKILL");
    await waitFor("the tool is gone", () => !isAlive(tool), GONE_MS);
    await running.finished;
  });

  test("a plugin killed amid a stream makes the client exit 125 within a second and say so", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    const running = startCall(plugin, ["-c", "while :; do echo line; sleep 0.01; done"]);
    await waitFor("output flows", async () => (await running.stdout()).length > 20);
    const tools = childrenOf(plugin.pid);
    plugin.signal("SIGKILL");
    const killedMs = performance.now();
    const { stdout, stderr, status } = await running.finished;
    expect(performance.now() - killedMs).toBeLessThan(1000);
    expect(status).toBe(125);
    expect(stdout).toMatch(/^(line\n)+$/u);
    expect(stderr).toMatch(/^plugin-client: [^\n]*sh plugin was lost[^\n]*\n$/u);
    // Nobody is left to end the tool: that is the container's, or here our, work.
    for (const tool of tools.filter(isAlive)) {
      process.kill(tool, "SIGKILL");
    }
  });

  test("a plugin that is stopped ends its tools, says why, and removes its socket", async () => {
    await using plugin = await startPlugin({
      tool: "waits",
      exec: fixture("waits"),
      stdio,
      config: "limits: { grace: 500ms }",
    });
    const running = startCall(plugin, []);
    const [tool = 0] = await waitFor("the tool runs", () => pidsIn(`${plugin.workspace}/started`, 1));
    expect(await plugin.stop()).toBe(0);
    expect(isAlive(tool)).toBe(false);
    const { stderr, status } = await running.finished;
    expect({ status, isSaid: /^plugin-client: [^\n]*stopped[^\n]*\n$/u.test(stderr) }).toEqual({
      status: 125,
      isSaid: true,
    });
    expect(await Bun.file(plugin.socket).exists()).toBe(false);
  });

  test("a tool that runs longer than limits.timeout is ended, and the client says why", async () => {
    const config = "limits: { timeout: 1s, grace: 200ms }";
    await using plugin = await startPlugin({ tool: "waits", exec: fixture("waits"), stdio, config });
    const { stderr, status } = await call(plugin, []);
    expect(status).toBe(125);
    expect(stderr).toMatch(/^plugin-client: [^\n]*limits\.timeout[^\n]*\n$/u);
    const [tool = 0] = pidsIn(`${plugin.workspace}/started`, 1) ?? [];
    await waitFor("the tool is gone", () => !isAlive(tool), GONE_MS);
  });

  test("a child in the background lives on after an ordinary end", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    await call(plugin, ["-c", "setsid sleep 300 >/dev/null 2>&1 & echo $! >child"]);
    const [child = 0] = pidsIn(`${plugin.workspace}/child`, 1) ?? [];
    await call(plugin, ["-c", "true"]);
    expect(isAlive(child)).toBe(true);
    process.kill(child, "SIGKILL");
  });

  test("no zombie is left of what a tool left behind", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    await shell(plugin, "for n in 1 2 3; do sh -c '(sleep 0.1 &)'; done");
    await waitFor("all children are collected", async () => {
      const tasks = await Bun.file(`/proc/${plugin.pid}/task/${plugin.pid}/children`).text();
      return tasks.trim() === "";
    });
  });
});
