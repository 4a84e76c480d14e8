import { expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, constants, openSync } from "node:fs";
import { encodeHello } from "../../src/protocol/client-messages.ts";
import { FEATURE, MESSAGE, PROTOCOL_VERSION } from "../../src/protocol/constants.ts";
import { encodeFrame, encodeHeader } from "../../src/protocol/frame.ts";
import { decodeWelcome } from "../../src/protocol/plugin-messages.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import type { PluginProcess } from "../helpers/plugin.ts";
import { childrenOf } from "../helpers/processes.ts";
import { HELLO, openFor, RawClient } from "../helpers/raw-client.ts";
import { call, startCall } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

const MAX_GROWTH_MIB = 30;
const PASSING = encodeHello({ version: PROTOCOL_VERSION, features: FEATURE.descriptors });

async function expectService(plugin: PluginProcess): Promise<void> {
  expect(await call(plugin, ["-c", "echo served"], { boundMs: 5000 })).toEqual({
    stdout: "served\n",
    stderr: "",
    status: 0,
  });
}

/** Sends `frame` a hundred thousand times, and then half a million times more, which may not make a difference. */
async function expectFlatMemory(plugin: PluginProcess, client: RawClient, frame: Uint8Array): Promise<void> {
  const many = Buffer.concat(Array.from({ length: 20_000 }, () => frame));
  const send = async (rounds: number): Promise<number> => {
    for (let round = 0; round < rounds; round += 1) {
      client.send(many);
      await expectService(plugin);
      await waitFor("the plugin has taken them", () => client.pendingBytes === 0);
    }
    return plugin.residentMiB();
  };
  const before = await send(5);
  expect((await send(25)) - before).toBeLessThan(MAX_GROWTH_MIB);
  expect(client.isClosed).toBe(false);
}

test.each([
  { name: "nothing at all", bytes: new Uint8Array(0) },
  { name: "one byte", bytes: HELLO.subarray(0, 1) },
  { name: "a greeting and no request", bytes: HELLO },
  { name: "half a request", bytes: Buffer.concat([HELLO, encodeHeader(MESSAGE.OPEN, 1000), new Uint8Array(10)]) },
])("a client that sends $name is closed when limits.handshake is over", async ({ bytes }) => {
  await using plugin = await startPlugin({ tool: "sh", config: "limits: { handshake: 300ms }" });
  using client = await RawClient.connect(plugin.socket);
  client.send(bytes);
  await client.closes(2000);
  expect(client.errors).toEqual(["handshake_timeout"]);
  await expectService(plugin);
});

test("a byte now and then does not prolong the handshake", async () => {
  await using plugin = await startPlugin({ tool: "sh", config: "limits: { handshake: 300ms }" });
  using client = await RawClient.connect(plugin.socket);
  const bytes = Buffer.concat([HELLO, openFor(plugin, ["-c", "x".repeat(1000)])]);
  let sent = 0;
  await waitFor("the connection is closed", () => {
    client.send(bytes.subarray(sent, (sent += 1)));
    return client.isClosed;
  });
  expect(client.errors).toEqual(["handshake_timeout"]);
});

test("frames without end and without meaning cost no memory, and others are served meanwhile", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  using client = await RawClient.connect(plugin.socket);
  client.send(HELLO, openFor(plugin, ["-c", "exec sleep 300"]));
  await client.receives("ALLOW");
  await expectFlatMemory(plugin, client, encodeFrame("STDIN"));
}, 60_000);

test("one-byte messages of a client that does not read cost no memory", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  using client = await RawClient.connect(plugin.socket);
  client.send(HELLO, openFor(plugin, ["-c", "exec cat >/dev/null"]));
  await client.receives("WANT_INPUT");
  client.pause();
  await expectFlatMemory(plugin, client, encodeFrame("STDIN", new Uint8Array(1)));
}, 60_000);

test("a client that never reads holds up nobody and costs no memory", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  await expectService(plugin);
  const before = plugin.residentMiB();
  using client = await RawClient.connect(plugin.socket);
  client.pause();
  client.send(HELLO, openFor(plugin, ["-c", "head -c 700M /dev/zero"]));
  const credit = encodeFrame("WANT_OUTPUT", Uint8Array.of(1, 0, 0x40, 0, 0));
  client.send(credit);
  await waitFor("the tool runs", () => childrenOf(plugin.pid).length > 0);
  for (let round = 0; round < 5; round += 1) {
    await expectService(plugin);
  }
  expect(plugin.residentMiB() - before).toBeLessThan(MAX_GROWTH_MIB);
});

test.each([
  { name: "no descriptors although it promised them", count: 0, path: "/dev/null", flags: constants.O_RDWR },
  { name: "two descriptors", count: 2, path: "/dev/null", flags: constants.O_RDWR },
  { name: "four descriptors", count: 4, path: "/dev/null", flags: constants.O_RDWR },
  { name: "folders", count: 3, path: "/", flags: constants.O_RDONLY },
  { name: "descriptors that only name a file", count: 3, path: "/etc/passwd", flags: 0o10000000 },
])("a client that sends $name gets frames, and the plugin keeps none open", async ({ count, path, flags }) => {
  await using plugin = await startPlugin({ tool: "sh" });
  await expectService(plugin);
  const before = plugin.descriptors().toSorted();
  const descriptors = Array.from({ length: count }, () => openSync(path, flags));
  const bytes = Buffer.concat([PASSING, openFor(plugin, ["-c", "exit 3"])]);
  {
    using client =
      count === 0
        ? await RawClient.connect(plugin.socket)
        : await RawClient.connectPassing(plugin.socket, bytes, descriptors);
    if (count === 0) {
      client.send(bytes);
    }
    await client.receives("ALLOW");
    expect(decodeWelcome((await client.receives("WELCOME")).payload).features).toBe(0);
  }
  descriptors.forEach((descriptor) => closeSync(descriptor));
  await waitFor("the plugin holds what it held", () => plugin.descriptors().length <= before.length);
  await expectService(plugin);
});

test("descriptors beside a call that is denied or malformed are closed", async () => {
  await using plugin = await startPlugin({ tool: "sh", config: "rules: { blocked_commands: [evil] }" });
  const before = plugin.descriptors().length;
  const opened = openSync("/etc/hostname", "r");
  for (const bytes of [
    Buffer.concat([PASSING, openFor(plugin, ["evil"])]),
    Buffer.concat([PASSING, PASSING]),
    Buffer.from("rubbish"),
  ]) {
    using client = await RawClient.connectPassing(plugin.socket, bytes, [opened, opened, opened]);
    await client.closes();
    expect(client.names.at(-1)).toMatch(/^(DENY|ERROR)$/u);
  }
  closeSync(opened);
  await waitFor("the plugin holds none of them", () => !plugin.descriptors().includes("/etc/hostname"));
  await waitFor("the plugin holds what it held", () => plugin.descriptors().length <= before);
});

test.each([
  { name: "denied", end: "DENY", bytes: (plugin: PluginProcess) => [HELLO, openFor(plugin, ["evil"])] },
  {
    name: "of another tool",
    end: "ERROR",
    bytes: (plugin: PluginProcess) => [HELLO, openFor(plugin, [], { tool: "other" })],
  },
  { name: "malformed", end: "ERROR", bytes: () => [new Uint8Array(10)] },
] as const)(
  "400 calls that are $name, one after the other, are all answered, and the next one is served",
  async ({ end, bytes }) => {
    await using plugin = await startPlugin({ tool: "sh", config: "rules: { blocked_commands: [evil] }" });
    for (let round = 1; round <= 400; round += 1) {
      using client = await RawClient.connect(plugin.socket);
      client.send(...bytes(plugin));
      await client.receives(end);
    }
    expect((await call(plugin, ["fine"])).status).toBe(2);
  },
);

test("400 idle connections leave room for an honest user, and at most limits.connections are kept", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  const idle = await Promise.all(Array.from({ length: 400 }, async () => await RawClient.connect(plugin.socket)));
  await waitFor("the plugin has cut some off", () => idle.filter(({ isClosed }) => !isClosed).length <= 256);
  await expectService(plugin);
  idle.forEach((client) => client[Symbol.dispose]());
  await expectService(plugin);
});

test.each(CARRIERS)(
  "of more calls than sessions and queue hold over $carrier, some are busy and none is lost",
  async ({ stdio }) => {
    const config = "limits: { sessions: 2, queue: 3, queue_wait: 30s }";
    await using plugin = await startPlugin({ tool: "sh", stdio, config });
    const script = "until [ -e go ]; do sleep 0.02; done; echo ran";
    const calls = Array.from({ length: 12 }, () => startCall(plugin, ["-c", script]).finished);
    await waitFor("seven were refused", async () => (await plugin.events("session")).length === 7);
    expect(childrenOf(plugin.pid)).toHaveLength(2);
    await Bun.write(`${plugin.workspace}/go`, "");
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter(({ status }) => status === 0)).toEqual(
      Array.from({ length: 5 }, () => ({ stdout: "ran\n", stderr: "", status: 0 })),
    );
    const busy = outcomes.filter(({ status }) => status === 125);
    expect(busy).toHaveLength(7);
    for (const { stdout, stderr } of busy) {
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^plugin-client: [^\n]*busy[^\n]*limits\.sessions[^\n]*\n$/u);
    }
  },
);

test("a call that waits longer than limits.queue_wait is told so, and a killed one frees its place", async () => {
  await using plugin = await startPlugin({
    tool: "sh",
    config: "limits: { sessions: 1, queue: 1, queue_wait: 500ms }",
  });
  const first = startCall(plugin, ["-c", "echo $$ >started; exec sleep 300"]);
  await waitFor("the first runs", async () => await Bun.file(`${plugin.workspace}/started`).exists());
  expect((await call(plugin, ["-c", "true"])).status).toBe(125);
  const second = startCall(plugin, ["-c", "echo second"]);
  first.kill("SIGKILL");
  expect(await second.finished).toEqual({ stdout: "second\n", stderr: "", status: 0 });
});

test("360 hostile connections leave neither descriptors nor memory behind", async () => {
  await using plugin = await startPlugin({ tool: "sh", config: "limits: { handshake: 300ms, grace: 100ms }" });
  await expectService(plugin);
  const before = { descriptors: plugin.descriptors().length, residentMiB: 0 };
  const opened = openSync("/dev/null", "r+");
  const attacks = [
    new Uint8Array(0),
    HELLO.subarray(0, 3),
    Buffer.concat([HELLO, encodeHeader(MESSAGE.OPEN, 1_000_000), new Uint8Array(100_000)]),
    Buffer.concat([HELLO, openFor(plugin, ["-c", "exec sleep 300"]), HELLO]),
    Buffer.concat([HELLO, openFor(plugin, ["-c", "head -c 10M /dev/zero"])]),
    new Uint8Array(10_000),
  ];
  for (let round = 0; round < 30; round += 1) {
    if (round === 5) {
      // What it takes once, for code that has not run before, is no leak.
      before.residentMiB = plugin.residentMiB();
    }
    const clients = await Promise.all([
      ...attacks.map(async () => await RawClient.connect(plugin.socket)),
      ...attacks.map(
        async (bytes) =>
          await RawClient.connectPassing(plugin.socket, Buffer.concat([PASSING, bytes]), [opened, opened, opened]),
      ),
    ]);
    attacks.forEach((bytes, index) => clients[index]?.send(bytes));
    await waitFor("some have their answer", () => clients.filter(({ isClosed }) => isClosed).length >= 4);
    clients.forEach((client) => client[Symbol.dispose]());
  }
  closeSync(opened);
  await waitFor("no tool is left", () => childrenOf(plugin.pid).length === 0);
  await waitFor("the descriptors are as before", () => plugin.descriptors().length <= before.descriptors + 2);
  expect(plugin.residentMiB() - before.residentMiB).toBeLessThan(MAX_GROWTH_MIB);
  await expectService(plugin);
}, 60_000);
