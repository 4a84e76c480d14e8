import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fixture } from "../helpers/executables.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import { childrenOf, isAlive } from "../helpers/processes.ts";
import { call, shell, start, startCall } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

/** A script that says its pid and goes on. */
const SAY = "echo $$ >>pids; sleep 300; :";

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

  test.each([
    { left: "a child in the background", script: `sh -c '${SAY}' &`, count: 1 },
    { left: "a child in a session of its own", script: `setsid sh -c '${SAY}' &`, count: 1 },
    { left: "a child without environment", script: `env -i setsid sh -c '${SAY}' &`, count: 1 },
    { left: "one that has the mark of another session", script: `PLUGIN_SESSION=x setsid sh -c '${SAY}' &`, count: 1 },
    { left: "one that is deaf to TERM", script: `setsid sh -c 'trap "" TERM HUP; ${SAY}' &`, count: 1 },
    {
      left: "one that is stopped",
      script: `setsid sh -c '${SAY}' & kill -STOP $!; kill -CONT $!; sleep 0.2; kill -STOP $!;`,
      count: 1,
    },
    { left: "a tree of sessions", script: `setsid sh -c 'setsid sh -c "${SAY}" & ${SAY}' &`, count: 2 },
  ])("$left is ended when its tool has ended, and the call does not wait for that", async ({ script, count }) => {
    await using plugin = await startPlugin({ tool: "sh", stdio, config: "limits: { grace: 300ms }" });
    const { status } = await call(plugin, ["-c", `exec >/dev/null 2>&1; ${script} until [ -e pids ]; do :; done`]);
    expect(status).toBe(0);
    const pids = await waitFor("what is left says its pids", () => pidsIn(`${plugin.workspace}/pids`, count));
    await waitFor("nothing is left", () => !pids.some(isAlive), GONE_MS);
  });

  test("a child in the background is ended though other calls go on, and theirs are not", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio, config: "limits: { grace: 100ms }" });
    const child = (name: string, env = ""): string => `(${env} setsid sh -c 'echo $$ >${name}; exec sleep 300' &)`;
    const other = startCall(plugin, ["-c", `${child("marked")}; ${child("hidden", "env -i")}; exec sleep 300`]);
    const spared = await Promise.all(
      ["marked", "hidden"].map(
        async (name) => await waitFor(`${name} runs`, () => pidsIn(`${plugin.workspace}/${name}`, 1)?.[0]),
      ),
    );
    await call(plugin, ["-c", `${child("left")} >/dev/null 2>&1; until [ -s left ]; do :; done`]);
    const [left = 0] = pidsIn(`${plugin.workspace}/left`, 1) ?? [];
    await waitFor("what was left is gone", () => !isAlive(left), GONE_MS);
    expect(spared.filter(isAlive)).toEqual(spared);
    other.kill("SIGTERM");
    await waitFor("the others are gone with their call", () => !spared.some(isAlive), GONE_MS);
  });

  test("one that claims to be of a session that began after it is ended", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio, config: "limits: { grace: 100ms }" });
    // It waits for the mark of the next session, and takes that.
    const hop =
      'touch waits; until [ -s mark ]; do :; done; PLUGIN_SESSION=$(cat mark) exec sh -c "echo \\$\\$ >hopped; exec sleep 300"';
    const first = startCall(plugin, ["-c", `setsid sh -c '${hop}' >/dev/null 2>&1 & exec sleep 300`]);
    await waitFor("it waits", async () => await Bun.file(`${plugin.workspace}/waits`).exists());
    // Births are told apart by hundredths of a second.
    await call(plugin, ["-c", "sleep 0.05"]);
    const next = startCall(plugin, ["-c", "echo $PLUGIN_SESSION >mark.new; mv mark.new mark; exec sleep 300"]);
    const [hopped = 0] = await waitFor("it has the other mark", () => pidsIn(`${plugin.workspace}/hopped`, 1));
    first.kill("SIGINT");
    await waitFor("it is gone", () => !isAlive(hopped), GONE_MS);
    next.kill("SIGTERM");
  });

  test("a chain of processes, each of which is there for a moment only, is ended", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio, config: "limits: { grace: 300ms }" });
    const link = "echo x >>links; sleep 0.05; setsid sh link &";
    await call(plugin, [
      "-c",
      `echo '${link}' >link; exec >/dev/null 2>&1; setsid sh link & until [ -e links ]; do :; done`,
    ]);
    const count = async (): Promise<number> => (await Bun.file(`${plugin.workspace}/links`).text()).length;
    await waitFor("no link follows", async () => {
      const before = await count();
      await Bun.sleep(500);
      return (await count()) === before;
    });
  });

  test("what a tool leaves for a moment may end by itself", async () => {
    await using plugin = await startPlugin({ tool: "bash", stdio });
    await call(plugin, ["-c", "echo all > >(cat >seen); true"]);
    await waitFor("it was written", async () => {
      const seen = Bun.file(`${plugin.workspace}/seen`);
      return (await seen.exists()) && (await seen.text()) === "all\n";
    });
  });

  test("a child in the background lives on after an ordinary end with background: keep", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio, config: "background: keep" });
    await call(plugin, ["-c", "setsid sleep 300 >/dev/null 2>&1 & echo $! >child"]);
    const [child = 0] = pidsIn(`${plugin.workspace}/child`, 1) ?? [];
    // As long as it would take to end it.
    await call(plugin, ["-c", "sleep 3"]);
    expect(isAlive(child)).toBe(true);
    process.kill(child, "SIGKILL");
  });

  test("what is left is gone when the plugin has stopped", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio, config: "limits: { grace: 300ms }" });
    await call(plugin, [
      "-c",
      `exec >/dev/null 2>&1; setsid sh -c 'trap "" TERM; ${SAY}' & until [ -e pids ]; do :; done`,
    ]);
    const pids = await waitFor("it says its pid", () => pidsIn(`${plugin.workspace}/pids`, 1));
    expect(await plugin.stop()).toBe(0);
    expect(pids.some(isAlive)).toBe(false);
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
