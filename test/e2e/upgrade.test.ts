import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { askHealth } from "../../src/protocol/ask-health.ts";
import { CARRIERS, startPlugin, type PluginProcess } from "../helpers/plugin.ts";
import { HELLO, openFor, RawClient } from "../helpers/raw-client.ts";
import { call, startCall, type Running } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above the longest wait: of a client for a plugin that does not come back.
setDefaultTimeout(60_000);

const DONE = { status: 0, stdout: "done\n", stderr: "" };

/** Starts a tool that goes on until the file `go` is there. */
async function startWaiting(plugin: PluginProcess, name: string): Promise<Running> {
  const running = startCall(plugin, ["-c", `: >${name}; until [ -e go ]; do sleep 0.02; done; echo done`]);
  await waitFor(`${name} runs`, () => existsSync(`${plugin.workspace}/${name}`));
  return running;
}

describe.each(CARRIERS)("a plugin that is replaced, over $carrier", ({ stdio }) => {
  test("lets the call that runs come to its end, and the next one waits for the next daemon", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    const running = await startWaiting(plugin, "first");
    plugin.signal("SIGTERM");
    await waitFor("it stops", async () => (await plugin.log()).includes("is stopping"));
    const next = startCall(plugin, ["-c", "echo done"]);
    await Bun.write(`${plugin.workspace}/go`, "");
    expect(await running.finished).toEqual(DONE);
    expect(await plugin.exited).toBe(0);
    await plugin.startNext();
    expect(await next.finished).toEqual(DONE);
  });

  test("sends a call that waits for a free session on to the next daemon", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio, config: "limits: { sessions: 1 }" });
    const running = await startWaiting(plugin, "first");
    const queued = startCall(plugin, ["-c", "echo done"]);
    await waitFor("the second waits", async () => (await waiting(plugin)) === 1);
    plugin.signal("SIGTERM");
    await Bun.write(`${plugin.workspace}/go`, "");
    expect(await running.finished).toEqual(DONE);
    await plugin.exited;
    await plugin.startNext();
    expect(await queued.finished).toEqual(DONE);
  });

  test("fails no call of eight callers at once while it is replaced five times, and its socket never vanishes", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    const over = new AbortController();
    const failures: unknown[] = [];
    let calls = 0;
    const caller = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const outcome = await call(plugin, ["-c", "echo done"], { boundMs: 40_000 });
        calls += 1;
        if (!Bun.deepEquals(outcome, DONE)) {
          failures.push(outcome);
        }
      }
    };
    const looker = async (): Promise<void> => {
      while (!over.signal.aborted) {
        if (!existsSync(plugin.socket)) {
          failures.push("the socket was gone");
        }
        await new Promise(setImmediate);
      }
    };
    const all = Promise.all([looker(), ...Array.from({ length: 8 }, caller)]);
    for (let round = 0; round < 5; round += 1) {
      const before = calls;
      await waitFor("calls are answered", () => calls > before + 8, 20_000);
      await plugin.stop();
      await plugin.startNext();
    }
    over.abort();
    await all;
    expect(failures).toEqual([]);
  });
});

test("a client that was let in before its plugin stops, and asks only then, is sent on to the next daemon", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  using client = await RawClient.connect(plugin.socket);
  plugin.signal("SIGTERM");
  await waitFor(
    "nobody else is let in",
    async () => !(await RawClient.connect(plugin.socket).then(ended, () => false)),
  );
  client.send(HELLO, openFor(plugin, ["-c", "true"]));
  await client.closes();
  expect(client.errors).toEqual(["draining"]);
});

test("a call that takes longer than a plugin waits for is ended, and says why", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  const running = await startWaiting(plugin, "first");
  expect(await plugin.stop()).toBe(0);
  const { status, stderr } = await running.finished;
  expect(status).toBe(125);
  expect(stderr).toBe("plugin-client: The sh plugin was stopped while sh ran; run it again once the plugin is back\n");
});

test("a call waits for a plugin that was killed, too", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  plugin.signal("SIGKILL");
  await plugin.exited;
  const next = startCall(plugin, ["-c", "echo done"]);
  await plugin.startNext();
  expect(await next.finished).toEqual(DONE);
});

test("a call says what it waits for, and gives up after 30 seconds with a sentence and status 125", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  await plugin.stop();
  const { status, stdout, stderr } = await call(plugin, ["-c", "echo done"], { boundMs: 50_000 });
  expect({ status, stdout }).toEqual({ status: 125, stdout: "" });
  expect(stderr.split("\n")).toEqual([
    "plugin-client: Waiting for the sh plugin to come back, for up to 30 s",
    `plugin-client: Nobody listens at ${plugin.socket}, though a plugin did: it has ended; start it again, or see why it ended in its log`,
    "",
  ]);
});

test("a call that waits for a plugin can be ended", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  await plugin.stop();
  const waits = startCall(plugin, ["-c", "echo done"]);
  await waitFor("it says that it waits", async () => (await waits.stderr()).includes("Waiting"));
  waits.kill("SIGINT");
  expect((await waits.finished).status).toBe(128 + 2);
});

test("a socket that is not there is no plugin that comes back: status 127 at once", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  await plugin.stop();
  await Bun.file(plugin.socket).delete();
  expect(await call(plugin, [])).toEqual({
    status: 127,
    stdout: "",
    stderr: "error: sh plugin not available\n",
  });
});

function ended(client: RawClient): boolean {
  client[Symbol.dispose]();
  return true;
}

async function waiting(plugin: PluginProcess): Promise<number> {
  return (await askHealth(plugin.socket)).waiting;
}
