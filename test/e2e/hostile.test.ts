import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { encodeHello, encodeSignal, encodeWantOutput } from "../../src/protocol/client-messages.ts";
import {
  MAX_ARGUMENTS,
  MAX_DATA_BYTES,
  MAX_ENVIRONMENT,
  MAX_OPEN_BYTES,
  MESSAGE,
} from "../../src/protocol/constants.ts";
import type { ErrorName } from "../../src/protocol/constants.ts";
import { encodeFrame, encodeHeader } from "../../src/protocol/frame.ts";
import { encodeError, encodeExit, encodeOutputEnd, encodeWelcome } from "../../src/protocol/plugin-messages.ts";
import { startPlugin } from "../helpers/plugin.ts";
import type { PluginProcess } from "../helpers/plugin.ts";
import { childrenOf } from "../helpers/processes.ts";
import { HELLO, openFor, RawClient } from "../helpers/raw-client.ts";
import { call } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

interface Case {
  readonly name: string;
  readonly bytes: (plugin: PluginProcess) => readonly Uint8Array[];
  readonly code: ErrorName;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const stdin = (bytes: number): Uint8Array => encodeFrame("STDIN", new Uint8Array(bytes));
/** A running tool that reads nothing, writes nothing and goes on. */
const running = (plugin: PluginProcess): Uint8Array[] => [HELLO, openFor(plugin, ["-c", "exec sleep 300"])];
/** HELLO and OPEN, whose payload is changed. */
function openWith(change: (payload: Uint8Array) => Uint8Array): (plugin: PluginProcess) => Uint8Array[] {
  return (plugin) => [HELLO, encodeFrame("OPEN", change(openFor(plugin, ["-c", "exec sleep 300"]).subarray(5)))];
}

const MALFORMED: readonly Case[] = [
  { name: "a request of HTTP", bytes: () => [text("GET / HTTP/1.1\r\nHost: x\r\n\r\n")], code: "unknown_message" },
  { name: "zeros", bytes: () => [new Uint8Array(1000)], code: "unknown_message" },
  { name: "a type that nobody has", bytes: () => [HELLO, Uint8Array.of(0x7f, 0, 0, 0, 0)], code: "unknown_message" },
  {
    name: "a greeting without the magic",
    bytes: () => [encodeFrame("HELLO", new Uint8Array(8))],
    code: "malformed_message",
  },
  { name: "an empty greeting", bytes: () => [encodeFrame("HELLO")], code: "malformed_message" },
  { name: "version 0", bytes: () => [encodeHello({ version: 0, features: 0 })], code: "unsupported_version" },
  { name: "an OPEN that ends early", bytes: openWith((payload) => payload.subarray(0, -3)), code: "malformed_message" },
  {
    name: "an OPEN with a tail",
    bytes: openWith((payload) => Buffer.concat([payload, text("tail")])),
    code: "malformed_message",
  },
  { name: "an empty OPEN", bytes: openWith(() => new Uint8Array(0)), code: "malformed_message" },
  {
    name: "an OPEN whose first length is a lie",
    bytes: openWith((payload) => Buffer.concat([Uint8Array.of(0xff, 0xff, 0xff, 0xff), payload.subarray(4)])),
    code: "malformed_message",
  },
  { name: "a name that is not UTF-8", bytes: openWith((payload) => payload.with(4, 0xff)), code: "malformed_message" },
  { name: "a name with NUL", bytes: openWith((payload) => payload.with(4, 0)), code: "malformed_message" },
  {
    name: "one argument too many",
    bytes: (plugin) => [
      HELLO,
      openFor(
        plugin,
        Array.from({ length: MAX_ARGUMENTS + 1 }, () => ""),
      ),
    ],
    code: "malformed_message",
  },
  {
    name: "one variable too many",
    bytes: (plugin) => [HELLO, openFor(plugin, [], { env: text("A=\0".repeat(MAX_ENVIRONMENT + 1)) })],
    code: "malformed_message",
  },
  {
    name: "an environment without its last NUL",
    bytes: (plugin) => [HELLO, openFor(plugin, [], { env: text("A=1") })],
    code: "malformed_message",
  },
  {
    name: "signal 99",
    bytes: (plugin) => [...running(plugin), encodeFrame("SIGNAL", Uint8Array.of(99))],
    code: "malformed_message",
  },
  {
    name: "an empty SIGNAL",
    bytes: (plugin) => [...running(plugin), encodeFrame("SIGNAL")],
    code: "malformed_message",
  },
  {
    name: "output wanted of stdin",
    bytes: (plugin) => [...running(plugin), encodeFrame("WANT_OUTPUT", Uint8Array.of(0, 0, 0, 0, 1))],
    code: "malformed_message",
  },
  {
    name: "more output wanted than may be owed",
    bytes: (plugin) => [...running(plugin), encodeWantOutput(1, 5 * 1024 * 1024)],
    code: "malformed_message",
  },
  {
    name: "more output wanted than may be owed, in two steps",
    bytes: (plugin) => [...running(plugin), encodeWantOutput(1, 3 * 1024 * 1024), encodeWantOutput(1, 3 * 1024 * 1024)],
    code: "malformed_message",
  },
];

const TOO_LONG: readonly Case[] = [
  { name: "a greeting of 4 GiB", bytes: () => [encodeHeader(MESSAGE.HELLO, 0xff_ff_ff_ff)], code: "message_too_long" },
  { name: "a greeting of 65 bytes", bytes: () => [encodeHeader(MESSAGE.HELLO, 65)], code: "message_too_long" },
  {
    name: "an OPEN of 1 GiB",
    bytes: () => [HELLO, encodeHeader(MESSAGE.OPEN, 0x40_00_00_00)],
    code: "message_too_long",
  },
  {
    name: "an OPEN of one byte too many",
    bytes: () => [HELLO, encodeHeader(MESSAGE.OPEN, MAX_OPEN_BYTES + 1)],
    code: "message_too_long",
  },
  {
    name: "data of one byte too many",
    bytes: (plugin) => [...running(plugin), encodeHeader(MESSAGE.STDIN, MAX_DATA_BYTES + 1)],
    code: "message_too_long",
  },
  {
    name: "a HEALTH with a payload",
    bytes: () => [HELLO, encodeFrame("HEALTH", new Uint8Array(1))],
    code: "message_too_long",
  },
];

const OUT_OF_ORDER: readonly Case[] = [
  { name: "OPEN before HELLO", bytes: (plugin) => [openFor(plugin, [])], code: "unexpected_message" },
  { name: "HEALTH before HELLO", bytes: () => [encodeFrame("HEALTH")], code: "unexpected_message" },
  { name: "HELLO twice", bytes: () => [HELLO, HELLO], code: "unexpected_message" },
  { name: "STDIN before OPEN", bytes: () => [HELLO, stdin(10)], code: "unexpected_message" },
  { name: "SIGNAL before OPEN", bytes: () => [HELLO, encodeSignal("SIGINT")], code: "unexpected_message" },
  { name: "OPEN twice", bytes: (plugin) => [...running(plugin), openFor(plugin, [])], code: "unexpected_message" },
  {
    name: "HEALTH amid a session",
    bytes: (plugin) => [...running(plugin), encodeFrame("HEALTH")],
    code: "unexpected_message",
  },
  {
    name: "STDIN after its end",
    bytes: (plugin) => [...running(plugin), encodeFrame("STDIN_END"), stdin(1)],
    code: "unexpected_message",
  },
  {
    name: "STDIN_END twice",
    bytes: (plugin) => [...running(plugin), encodeFrame("STDIN_END"), encodeFrame("STDIN_END")],
    code: "unexpected_message",
  },
  {
    name: "more stdin than was wanted",
    bytes: (plugin) => [...running(plugin), ...Array.from({ length: 8 }, () => stdin(MAX_DATA_BYTES))],
    code: "unexpected_message",
  },
  ...["WELCOME", "ALLOW", "EXIT", "ERROR", "OUTPUT_END", "STDOUT", "DENY"].map((name) => ({
    name: `the plugin's own ${name}`,
    bytes: (plugin: PluginProcess) => [
      ...running(plugin),
      OF_THE_PLUGIN[name] ?? encodeFrame(name as "STDOUT", text("x")),
    ],
    code: "unexpected_message" as const,
  })),
  {
    name: "the plugin's own ERROR first of all",
    bytes: () => [encodeError("internal", "x")],
    code: "unexpected_message",
  },
];

const OF_THE_PLUGIN: Readonly<Record<string, Uint8Array>> = {
  WELCOME: encodeWelcome({ version: 1, features: 0 }),
  ALLOW: encodeFrame("ALLOW"),
  EXIT: encodeExit({ ending: { code: 0 }, stdinBytes: 0 }),
  ERROR: encodeError("internal", "x"),
  OUTPUT_END: encodeOutputEnd(1),
};

const REFUSED: readonly Case[] = [
  { name: "another tool", bytes: (plugin) => [HELLO, openFor(plugin, [], { tool: "other" })], code: "wrong_tool" },
  { name: "a relative folder", bytes: (plugin) => [HELLO, openFor(plugin, [], { cwd: "." })], code: "cwd_unusable" },
  {
    name: "a folder that is not there",
    bytes: (plugin) => [HELLO, openFor(plugin, [], { cwd: "/nonexistent" })],
    code: "cwd_unusable",
  },
  {
    name: "a folder that is a file",
    bytes: (plugin) => [HELLO, openFor(plugin, [], { cwd: "/etc/passwd" })],
    code: "cwd_unusable",
  },
  { name: "no folder", bytes: (plugin) => [HELLO, openFor(plugin, [], { cwd: "" })], code: "cwd_unusable" },
];

/** An honest call, which has to work whatever happened before. */
async function expectService(plugin: PluginProcess): Promise<void> {
  expect(await call(plugin, ["-c", "echo served"], { boundMs: 5000 })).toEqual({
    stdout: "served\n",
    stderr: "",
    status: 0,
  });
  expect(plugin.isRunning).toBe(true);
}

describe.each([
  { kind: "malformed", cases: MALFORMED },
  { kind: "too long", cases: TOO_LONG },
  { kind: "out of order", cases: OUT_OF_ORDER },
  { kind: "refused", cases: REFUSED },
])("a message that is $kind", ({ cases }) => {
  test.each([...cases])("$name gets one ERROR, $code, and the end; others are served", async ({ bytes, code }) => {
    await using plugin = await startPlugin({ tool: "sh" });
    using client = await RawClient.connect(plugin.socket);
    client.send(...bytes(plugin));
    await client.closes();
    expect(client.errors).toEqual([code]);
    expect(client.names.at(-1)).toBe("ERROR");
    await waitFor("no tool is left", () => childrenOf(plugin.pid).length === 0);
    await expectService(plugin);
  });
});

const CREDIT = [encodeWantOutput(1, 1000), encodeWantOutput(2, 1000)];

test("a message in single bytes is the same message", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  using client = await RawClient.connect(plugin.socket);
  const bytes = Buffer.concat([HELLO, openFor(plugin, ["-c", "exit 3"]), encodeFrame("STDIN_END"), ...CREDIT]);
  for (const byte of bytes) {
    client.send(Uint8Array.of(byte));
    await new Promise(setImmediate);
  }
  await client.receives("EXIT");
  expect(client.names.slice(0, 2)).toEqual(["WELCOME", "ALLOW"]);
});

test("a client that goes on sending after its ERROR is cut off, and reads nothing else", async () => {
  await using plugin = await startPlugin({ tool: "sh" });
  using client = await RawClient.connect(plugin.socket);
  client.send(HELLO, HELLO);
  const more = Buffer.concat(Array.from({ length: 1000 }, () => stdin(0)));
  await waitFor("the connection is closed", () => {
    client.send(more);
    return client.isClosed;
  });
  expect(client.errors).toEqual(["unexpected_message"]);
  await expectService(plugin);
});
