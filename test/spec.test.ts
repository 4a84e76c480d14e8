import { describe, expect, spyOn, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as client from "../src/protocol/client-messages.ts";
import * as constants from "../src/protocol/constants.ts";
import type { ErrorName, MessageName, OutputStream, SignalName } from "../src/protocol/constants.ts";
import { CLIENT_STATES, Conversation, PLUGIN_STATES } from "../src/protocol/conversation.ts";
import { readEnvironment } from "../src/protocol/environment.ts";
import { FrameDecoder } from "../src/protocol/decoder.ts";
import { encodeFrame } from "../src/protocol/frame.ts";
import type { Frame } from "../src/protocol/frame.ts";
import * as plugin from "../src/protocol/plugin-messages.ts";
import { DENIAL_CODES } from "../src/policy/decision.ts";
import { evaluate } from "../src/policy/evaluate.ts";
import { parseConfig } from "../src/policy/load.ts";
import { RULE_NAMES } from "../src/policy/rule-names.ts";
import { logSession } from "../src/runtime/session-log.ts";
import { bytes, concat } from "./protocol/bytes.ts";

/** SPEC.md is data here: its tables and bytes are read out of the text and held against the code, both ways. */
const spec = readFileSync(join(import.meta.dir, "../SPEC.md"), "utf8");
const vectors = join(import.meta.dir, "vectors");

const { MESSAGE, MAX_PAYLOAD_BYTES } = constants;
const messageNames = Object.keys(MESSAGE) as MessageName[];

function section(heading: string): string {
  const start = spec.indexOf(`\n${heading}\n`);
  expect(start, `the heading "${heading}"`).toBeGreaterThan(0);
  const rest = spec.slice(start + heading.length + 2);
  const end = rest.search(/^#/mu);
  return end < 0 ? rest : rest.slice(0, end);
}

/** The cells of the one table of a section, without its head. */
function table(heading: string): string[][] {
  const rows = section(heading)
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(rows.length, `rows below "${heading}"`).toBeGreaterThan(2);
  return rows.slice(2);
}

const unquoted = (cell: string): string => cell.replaceAll("`", "");

describe("SPEC.md, numbers", () => {
  test("section 20 has every constant of constants.ts with its value, and no other, but for the tables elsewhere", () => {
    const { MESSAGE: _messages, MAX_PAYLOAD_BYTES: _payloads, ERROR: _errors, ...rest } = constants;
    const written = table("## 20 Numbers").map(([name = "", value = ""]) => [unquoted(name), readNumbers(value)]);
    expect(Object.fromEntries(written)).toEqual({ ...rest });
    expect(written.length).toBe(Object.keys(rest).length);
    for (const name of ["MESSAGE", "MAX_PAYLOAD_BYTES", "ERROR"]) {
      expect(section("## 20 Numbers")).toContain(`\`${name}\``);
    }
  });

  test("section 7 has every message with its number, direction and largest payload, and no other", () => {
    const written = table("## 7 Messages").map(([number = "", name = "", direction = "", most = ""]) => [
      name,
      Number(number),
      direction,
      Number(most),
    ]);
    const real = messageNames.map((name) => [
      name,
      MESSAGE[name],
      isOfClient(name) ? "C→P" : "P→C",
      MAX_PAYLOAD_BYTES[name],
    ]);
    expect(written).toEqual(real);
  });

  test("section 12 has every error with its number and the client's status, and no other", () => {
    const { failed, missing } = constants.CLIENT_EXIT;
    const written = table("## 12 Errors").map(([number = "", code = "", , status = ""]) => [
      Number(number),
      unquoted(code),
      Number(status),
    ]);
    const real = Object.entries(constants.ERROR).map(([code, number]) => [
      number,
      code,
      code === "tool_missing" ? missing : failed,
    ]);
    expect(written).toEqual(real);
  });

  test.each([
    { name: "MAX_ARGUMENTS in OPEN", heading: "## 7 Messages", text: `at most ${grouped(constants.MAX_ARGUMENTS)}` },
    {
      name: "MAX_ENVIRONMENT in OPEN",
      heading: "## 7 Messages",
      text: `at most ${grouped(constants.MAX_ENVIRONMENT)}; any bytes`,
    },
    {
      name: "MAX_WINDOW_BYTES in WANT_OUTPUT",
      heading: "## 7 Messages",
      text: `at most ${grouped(constants.MAX_WINDOW_BYTES)}`,
    },
    {
      name: "MAX_DATA_BYTES in STDIN",
      heading: "## 7 Messages",
      text: `0 to ${grouped(constants.MAX_DATA_BYTES)} bytes`,
    },
    { name: "MAX_RULE_BYTES in DENY", heading: "## 7 Messages", text: `(at most ${constants.MAX_RULE_BYTES} bytes)` },
    { name: "MAX_FACTS in CAPABILITIES_REPORT", heading: "## 7 Messages", text: `(at most ${constants.MAX_FACTS})` },
    {
      name: "the signals",
      heading: "## 7 Messages",
      text: Object.entries(constants.SIGNAL)
        .map(([signal, number]) => `${number} ${signal}`)
        .join(", "),
    },
    {
      name: "MAX_TEXT_BYTES in text",
      heading: "## 4 Notation",
      text: `at most ${grouped(constants.MAX_TEXT_BYTES)} bytes`,
    },
    {
      name: "MAX_WINDOW_BYTES in the section about output",
      heading: "### 8.2 Frames",
      text: `${grouped(constants.MAX_WINDOW_BYTES)} bytes outstanding`,
    },
    {
      name: "the types that are free",
      heading: "## 14 Versions and extension",
      text: `Types ${hex(lastOf("client") + 1)} to 0x7f are reserved for clients, ${hex(lastOf("plugin") + 1)} to 0xff for plugins`,
    },
    {
      name: "the feature",
      heading: "## 7 Messages",
      text: `bits, 0x${constants.FEATURE.descriptors.toString(16).padStart(4, "0")} descriptors (section 8.1), 0x${constants.FEATURE.explanations.toString(16).padStart(4, "0")} explanations, 0x${constants.FEATURE.approvals.toString(16).padStart(4, "0")} approvals`,
    },
    {
      name: "the bits of terminals",
      heading: "## 7 Messages",
      text: Object.entries(constants.TERMINAL)
        .map(([stream, bit]) => `${hex(bit)} ${stream}`)
        .join(", "),
    },
    {
      name: "the version",
      heading: "# The conversation between client and plugin",
      text: `Protocol version ${constants.PROTOCOL_VERSION}.`,
    },
  ])("the prose agrees about $name", ({ heading, text }) => {
    const prose = heading.startsWith("# ") ? spec.slice(0, spec.indexOf("## 1 ")) : section(heading);
    expect(prose).toContain(text);
  });

  test("section 7 says which messages have no fields: those without a payload", () => {
    const names = messageNames.filter((name) => MAX_PAYLOAD_BYTES[name] === 0);
    const listed = `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
    expect(section("## 7 Messages")).toContain(`${listed} have no fields`);
  });

  test("no word in capitals looks like a message that does not exist", () => {
    const code = spec.replaceAll(/```[^]*?```|`[^`]*`/gu, "");
    const words = new Set(Array.from(code.matchAll(/(?<![\w.])[A-Z]{3,}(?:_[A-Z]+)*(?![\w-])/gu), ([word]) => word));
    const others =
      "API ASCII CONNECT CPU EACCES ECONNREFUSED EPERM EPIPE FUSE GET HOME HTTP III ISO JSON MUST MAY MSG_CMSG_CLOEXEC MSG_CTRUNC NET_ADMIN NUL NOT PATH POST PUT RFC SCM_RIGHTS SETGID SETPCAP SETUID SHOULD TERM TLS KILL LFS UTC YAML".split(
        " ",
      );
    const isKnown = (word: string): boolean => Object.hasOwn(MESSAGE, word) || /^SIG[A-Z]+$/u.test(word);
    expect([...words].filter((word) => !isKnown(word) && !others.includes(word))).toEqual([]);
    expect(messageNames.filter((name) => !words.has(name))).toEqual([]);
  });
});

describe("SPEC.md, states", () => {
  test.each([
    { role: "plugin", heading: "### 6.1 States of the plugin", states: PLUGIN_STATES as StateTable },
    { role: "client", heading: "### 6.2 States of the client", states: CLIENT_STATES as StateTable },
  ])("the table of the $role is that of conversation.ts, exactly", ({ heading, states }) => {
    const written: Record<string, Record<string, string>> = {};
    for (const [state = "", fromClient = "", fromPlugin = ""] of table(heading)) {
      const accepted = { ...readTransitions(fromClient), ...readTransitions(fromPlugin) };
      written[unquoted(state)] = accepted;
      expect(
        Object.keys(readTransitions(fromClient)).every((name) => isOfClient(name as MessageName)),
        `${state}, C→P`,
      ).toBe(true);
      expect(
        Object.keys(readTransitions(fromPlugin)).some((name) => isOfClient(name as MessageName)),
        `${state}, P→C`,
      ).toBe(false);
    }
    expect(written).toEqual(states as typeof written);
  });
});

type StateTable = Readonly<Record<string, Readonly<Partial<Record<MessageName, string>>>>>;

function readTransitions(cell: string): Record<string, string> {
  const transitions = cell.split(", ").filter((part) => part !== "");
  return Object.fromEntries(transitions.map((part) => unquoted(part).split(" → ") as [string, string]));
}

describe("SPEC.md, policy", () => {
  test.each(["", "rules", "env", "limits", "access", "grammar"])(
    'section 15 has every key that a config may have in "%s", and no other',
    (map) => {
      const heading = map === "grammar" ? "### 15.2 Grammar" : "## 15 Config";
      const written = table(heading).map(([key = ""]) => unquoted(key).split("."));
      const inMap =
        map === "" ? written.map(([top]) => top) : written.filter(([top]) => top === map).map(([, key]) => key);
      expect(new Set(inMap)).toEqual(new Set(knownKeys(map)));
    },
  );

  test('section 27 has every key that a config may have in "broker", and no other', () => {
    const written = table("## 27 Config of a broker").map(([key = ""]) => unquoted(key).replace(/^broker\./u, ""));
    expect(new Set(written)).toEqual(new Set(knownKeys("broker")));
  });

  test("section 15.1 has every condition that a rule may have, and no other", () => {
    const written = table("### 15.1 Rules").map(([key = ""]) => unquoted(key));
    expect(written).toEqual(knownKeys("rules", "[{ decision: deny, match: { zzzzzzzz: 1 } }]"));
  });

  test("the algorithm of section 16 is the doc comment of evaluate()", () => {
    const source = readFileSync(join(import.meta.dir, "../src/policy/evaluate.ts"), "utf8");
    const comment = source.slice(source.indexOf(" * 1. "), source.indexOf("\n */\nexport function evaluate"));
    const steps = comment.replaceAll(/\s*\n \* */gu, " ").replace(" * ", "");
    const written = section("## 16 Evaluation");
    const text = written.slice(written.indexOf("1. "), written.indexOf("\n\nSo what")).replaceAll(/\s*\n */gu, " ");
    expect(text).toBe(steps);
  });

  test("section 16.1 has every code of a refusal and every field of its object, and no others", () => {
    const rows = table("### 16.1 Refusals for programs").map(([cell = ""]) => unquoted(cell));
    const head = rows.indexOf("Code");
    expect(rows.slice(head + 2)).toEqual([...DENIAL_CODES]);
    const config = parseConfig("plugin: x\ndefault: deny", "x.yaml");
    const refused = evaluate(config, () => ({ kind: "none" }), { args: [], cwd: "/" }, ["/"]);
    const fields = rows.slice(0, head).flatMap((cell) => cell.split(", "));
    expect(fields).toEqual(refused.effect === "allow" ? [] : [...Object.keys(refused.denial), "passes"]);
  });

  test("section 15 has the defaults that a config gets", () => {
    const { limits, stdio, access, defaultEffect, enforcement } = parseConfig("plugin: x", "x.yaml");
    const defaults = Object.fromEntries(
      table("## 15 Config").map(([key = "", , value = ""]) => [unquoted(key), value]),
    );
    expect(limits).toEqual({
      sessions: Number(defaults["limits.sessions"]),
      queue: Number(defaults["limits.queue"]),
      queueMs: seconds(defaults["limits.queue_wait"]),
      approvalMs: seconds(defaults["limits.approval"]),
      timeoutMs: seconds(defaults["limits.timeout"]),
      idleMs: seconds(defaults["limits.idle"]),
      graceMs: seconds(defaults["limits.grace"]) ?? Number.NaN,
      connections: Number(defaults["limits.connections"]),
      handshakeMs: seconds(defaults["limits.handshake"]) ?? Number.NaN,
    } as typeof limits);
    expect([stdio, `"0${access.mode.toString(8)}"`]).toEqual([
      defaults["stdio"] as "auto",
      defaults["access.mode"] ?? "",
    ]);
    expect<string[]>([defaultEffect, enforcement]).toEqual([defaults["default"] ?? "", defaults["enforcement"] ?? ""]);
  });

  test.each(RULE_NAMES.map((name) => ({ name })))("section 16 names the rule $name", ({ name }) => {
    expect(section("## 16 Evaluation")).toContain(`ule \`${name}\``);
  });
});

test("SPEC.md, section 25 has every state of a plugin, and no other", () => {
  const source = readFileSync(join(import.meta.dir, "../scripts/home/plugin-status.ts"), "utf8");
  const [, union = ""] = /^export type State =([^;]*);/mu.exec(source) ?? [];
  const states = [...union.matchAll(/\| "([a-z ]+)"/gu)].map(([, state = ""]) => state);
  expect(states).toContain("ready");
  expect(
    table("## 25 Status")
      .map(([state = ""]) => unquoted(state))
      .toSorted(),
  ).toEqual(states.toSorted());
});

test("SPEC.md, section 17 has the fields of a session's line, in their order", () => {
  const lines: string[] = [];
  const write = spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  const open = { tool: "git", cwd: "/w", args: ["status"], env: new Uint8Array(0), terminals: 0 };
  const asked = { approval: "deny", approver: "ana", word: "no" };
  const rest = { enforcement: "audit", ...asked, session: "m.1", uid: 0, carrier: "frames", ms: 1, exit: 0 };
  logSession(
    { ...open, window: { rows: 0, columns: 0 } },
    { effect: "allow", rule: "default", place: undefined },
    rest,
  );
  write.mockRestore();
  const written = table("## 17 Decisions and log").map(([names = ""]) => unquoted(names).split(/, | or /u));
  expect(written.at(-1)).toEqual(["exit", "signal", "error", "lost"]);
  expect([...written.slice(0, -1).flat(), "exit"]).toEqual(Object.keys(JSON.parse(lines.join("")) as object));
});

function seconds(text: string | undefined): number | undefined {
  const { count, unit } = /^(?<count>\d+)(?<unit>[sm])$/u.exec(text ?? "")?.groups ?? {};
  return text === "none" ? undefined : Number(count) * (unit === "m" ? 60_000 : 1_000);
}

/** The keys that an error lists for one that does not exist. */
function knownKeys(map: string, value = "{ zzzzzzzz: 1 }"): string[] {
  try {
    parseConfig(`plugin: x\n${map === "" ? "zzzzzzzz: 1" : `${map}: ${value}`}`, "x.yaml");
  } catch (error) {
    return /the keys are (?<keys>.+)/u.exec((error as Error).message)?.groups?.["keys"]?.split(", ") ?? [];
  }
  return [];
}

describe("SPEC.md, worked examples", () => {
  const blocks = Array.from(spec.matchAll(/\(`(?<file>[\w-]+\.hex)`\):\n```hex\n(?<text>.*?)```/gsu), ({ groups }) => ({
    file: groups?.["file"] ?? "",
    text: groups?.["text"] ?? "",
  }));
  const files = readdirSync(vectors).filter((file) => file.endsWith(".hex"));

  test("there are a git status over both carriers and a denial", () => {
    expect(blocks.map(({ file }) => file)).toEqual([
      "git-status-descriptors.hex",
      "git-status-frames.hex",
      "git-push-denied.hex",
    ]);
    expect(files).toEqual(expect.arrayContaining([...blocks.map(({ file }) => file), "health.hex"]));
  });

  test.each(blocks)("the bytes of $file in the text are those of the file, in its order", ({ file, text }) => {
    const whole = readExample(readFileSync(join(vectors, file), "utf8")).map(({ source }) => source);
    const shown = readExample(text).map(({ source }) => source);
    expect(shown.length).toBeGreaterThan(0);
    expect(whole.filter((step) => shown.includes(step))).toEqual(shown);
  });

  test.each(files.map((file) => ({ file })))(
    "$file: every message decodes to the fields that are written above it, and encodes to the same bytes",
    ({ file }) => {
      for (const { who, name, fields, wire } of readExample(readFileSync(join(vectors, file), "utf8"))) {
        const frame = oneFrame(wire);
        expect(frame.name, `${who} ${name}`).toBe(name);
        expect(isOfClient(name), `the sender of ${name}`).toBe(who === "C");
        expect(decodeFields(frame), `${who} ${name}`).toEqual(fields);
        expect(encodeFields(name, fields).toHex(), `${who} ${name}`).toBe(wire.toHex());
      }
    },
  );

  test.each(files.map((file) => ({ file })))(
    "$file: a reader that knows only the field blocks of the text finds the same fields",
    ({ file }) => {
      const fieldBlocks = readFieldBlocks();
      expect(Object.keys(fieldBlocks).toSorted()).toEqual([
        "EXIT",
        "HEALTH_REPORT",
        "HELLO",
        "OPEN",
        "WANT_OUTPUT",
        "WELCOME",
      ]);
      for (const { name, fields, wire } of readExample(readFileSync(join(vectors, file), "utf8"))) {
        const block = fieldBlocks[name];
        if (block !== undefined) {
          const { magic = constants.MAGIC, ...found } = readByBlock(block, wire.subarray(constants.HEADER_BYTES));
          expect(found, name).toEqual(fields);
          expect(magic, name).toBe(constants.MAGIC);
        }
      }
    },
  );

  test.each(files.map((file) => ({ file })))("$file: both roles can go through it, to its end", ({ file }) => {
    const steps = readExample(readFileSync(join(vectors, file), "utf8"));
    const clientSide = new Conversation(CLIENT_STATES, "start");
    const pluginSide = new Conversation(PLUGIN_STATES, "start");
    // To the plugin WELCOME is sent when HELLO is read, ahead of the second pipelined message, though it leaves later.
    const names = steps.map(({ name }) => name);
    const asPluginReads = [
      names[0],
      "WELCOME" as const,
      names[1],
      ...names.slice(2).filter((name) => name !== "WELCOME"),
    ];
    steps.forEach(({ name, who }) => (who === "P" ? clientSide.receive(name, "plugin") : clientSide.follow(name)));
    asPluginReads.forEach((name) =>
      name !== undefined && isOfClient(name) ? pluginSide.receive(name, "client") : pluginSide.follow(name ?? "ERROR"),
    );
    expect([clientSide.state, pluginSide.state]).toEqual(["over", "over"]);
  });

  test("the examples also come out whole when all bytes of a side arrive at once, or one by one", () => {
    for (const file of files) {
      const steps = readExample(readFileSync(join(vectors, file), "utf8")).filter(({ who }) => who === "P");
      const stream = concat(...steps.map(({ wire }) => wire));
      for (const size of [1, stream.length]) {
        const decoder = new FrameDecoder();
        const names: string[] = [];
        for (let start = 0; start < stream.length; start += size) {
          decoder.push(stream.subarray(start, start + size));
          for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
            names.push(frame.name);
          }
        }
        decoder.end();
        expect(names).toEqual(steps.map(({ name }) => name));
      }
    }
  });
});

/** Lines of `type name …` by message: the code blocks of section 7. HELLO's is WELCOME's too. */
function readFieldBlocks(): Record<string, [type: string, name: string][]> {
  const found: Record<string, [string, string][]> = {};
  const parts = section("## 7 Messages").split("```");
  for (let index = 1; index < parts.length; index += 2) {
    // The message is the one whose paragraph stands before the block.
    const name = Array.from((parts[index - 1] ?? "").matchAll(/^\*\*(?<name>[A-Z_]+)\*\*/gmu)).at(-1)?.groups?.["name"];
    const lines = (parts[index] ?? "").trim().split("\n");
    found[name ?? ""] = lines.map((line) => line.split(/\s+/u).slice(0, 2) as [string, string]);
  }
  return { ...found, WELCOME: found["HELLO"] ?? [] };
}

/** Decodes by the types of section 4 alone, without anything of src/protocol. */
function readByBlock(block: readonly [type: string, name: string][], payload: Uint8Array): Record<string, unknown> {
  const buffer = Buffer.from(payload);
  let offset = 0;
  const take = (count: number): Buffer => {
    offset += count;
    return buffer.subarray(offset - count, offset);
  };
  const integer = (size: number): number => Number(`0x${take(size).toString("hex")}`);
  const read = (type: string): unknown => {
    if (type === "text") {
      return take(integer(4)).toString();
    }
    if (type === "strings") {
      return take(integer(4)).toString().split("\0").slice(0, -1);
    }
    return integer(Number(/^u(?<bits>8|16|32|64)$/u.exec(type)?.groups?.["bits"]) / 8);
  };
  const fields = Object.fromEntries(block.map(([type, name]) => [name, read(type)]));
  expect(offset, "bytes that the block explains").toBe(payload.length);
  return fields;
}

interface Step {
  readonly who: string;
  readonly name: MessageName;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly wire: Uint8Array;
  readonly source: string;
}

/** Messages of an example: a line `C NAME field=JSON …`, then indented lines of hex with comments. */
function readExample(text: string): Step[] {
  return text
    .split(/^(?=[CP] )/mu)
    .map((part) => part.replaceAll(/^#.*\n/gmu, "").trimEnd())
    .filter((source) => source !== "")
    .map((source) => {
      const [head = "", ...lines] = source.split("\n");
      const [, who = "", name = "", rest = ""] = /^([CP]) (\w+) ?(.*)$/u.exec(head) ?? [];
      const fields = Array.from(
        rest.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\[\S*\]|\d+)(?: |$)/gu),
        ([, key = "", value = ""]) => [key, JSON.parse(value)],
      );
      const wire = bytes(lines.map((line) => line.replace(/#.*$/u, "")).join(" "));
      return {
        who,
        name: name as MessageName,
        fields: Object.fromEntries(fields) as Record<string, unknown>,
        wire,
        source,
      };
    });
}

function oneFrame(wire: Uint8Array): Frame {
  const decoder = new FrameDecoder();
  decoder.push(wire);
  const frame = decoder.next();
  decoder.end();
  expect(decoder.next()).toBeUndefined();
  if (frame === undefined) {
    throw new Error("Cannot read the example: it holds no whole frame");
  }
  return frame;
}

/** A message's fields by the names of SPEC.md's field blocks. */
function decodeFields({ name, payload }: Frame): Record<string, unknown> {
  switch (name) {
    case "HELLO":
      return { ...client.decodeHello(payload) };
    case "WELCOME":
      return { ...plugin.decodeWelcome(payload) };
    case "OPEN":
    case "EXPLAIN": {
      const { window, env, ...open } = client.decodeOpen(payload, name);
      const variables = Array.from(readEnvironment(env), (variable) => variable.join("="));
      return { ...open, env: variables, ...window };
    }
    case "WANT_OUTPUT":
      return { ...client.decodeWantOutput(payload) };
    case "OUTPUT_CLOSED":
      return { stream: client.decodeOutputClosed(payload) };
    case "SIGNAL":
      return { signal: client.decodeSignal(payload) };
    case "WINDOW":
      return { ...client.decodeWindow(payload) };
    case "WANT_INPUT":
      return { bytes: plugin.decodeWantInput(payload) };
    case "OUTPUT_END":
      return { stream: plugin.decodeOutputEnd(payload) };
    case "DENY":
      return { ...plugin.decodeDeny(payload) };
    case "ERROR":
      return { ...plugin.decodeError(payload) };
    case "EXIT": {
      const { ending, stdinBytes } = plugin.decodeExit(payload);
      const end =
        "code" in ending ? { kind: 0, code: ending.code, signal: "" } : { kind: 1, code: 0, signal: ending.signal };
      return { ...end, stdin_bytes: stdinBytes };
    }
    case "HEALTH_REPORT": {
      const { state, sinceMs, carrier, ...report } = plugin.decodeHealthReport(payload);
      const numbers = { state: constants.HEALTH_STATE[state], carrier: constants.CARRIER[carrier] };
      return { ...report, ...numbers, since_ms: sinceMs };
    }
    case "CAPABILITIES_REPORT":
      return { ...plugin.decodeCapabilitiesReport(payload) };
    case "EXPLANATION": {
      const { text: people, json: object } = plugin.decodeExplanation(payload);
      return { people, object };
    }
    case "PENDING":
      return { message: plugin.decodePending(payload) };
    case "STDIN":
    case "STDOUT":
    case "STDERR":
      return { data: new TextDecoder().decode(payload) };
    case "STDIN_END":
    case "HEALTH":
    case "CAPABILITIES":
    case "ALLOW":
      expect(payload.length).toBe(0);
  }
  return {};
}

function encodeFields(name: MessageName, fields: Readonly<Record<string, unknown>>): Uint8Array {
  const number = (key: string): number => fields[key] as number;
  const text = (key: string): string => fields[key] as string;
  const stream = fields["stream"] as OutputStream;
  const version = { version: number("version"), features: number("features") };
  const window = { rows: number("rows"), columns: number("columns") };
  switch (name) {
    case "HELLO":
      return client.encodeHello(version);
    case "WELCOME":
      return plugin.encodeWelcome(version);
    case "OPEN":
    case "EXPLAIN": {
      const env = new TextEncoder().encode((fields["env"] as string[]).map((variable) => `${variable}\0`).join(""));
      const call = { tool: text("tool"), cwd: text("cwd"), args: fields["args"] as string[], env };
      return client.encodeOpen({ ...call, terminals: number("terminals"), window }, name);
    }
    case "WANT_OUTPUT":
      return client.encodeWantOutput(stream, number("bytes"));
    case "OUTPUT_CLOSED":
      return client.encodeOutputClosed(stream);
    case "SIGNAL":
      return client.encodeSignal(fields["signal"] as SignalName);
    case "WINDOW":
      return client.encodeWindow(window);
    case "WANT_INPUT":
      return plugin.encodeWantInput(number("bytes"));
    case "OUTPUT_END":
      return plugin.encodeOutputEnd(stream);
    case "DENY":
      return plugin.encodeDeny({ rule: text("rule"), message: text("message") });
    case "ERROR":
      return plugin.encodeError(fields["code"] as ErrorName, text("message"));
    case "EXIT":
      return plugin.encodeExit({
        ending: fields["kind"] === 0 ? { code: number("code") } : { signal: text("signal") },
        stdinBytes: number("stdin_bytes"),
      });
    case "HEALTH_REPORT":
      return plugin.encodeHealthReport({
        state: number("state") === constants.HEALTH_STATE.ready ? "ready" : "stopping",
        tool: text("tool"),
        version: text("version"),
        pid: number("pid"),
        sinceMs: number("since_ms"),
        sessions: number("sessions"),
        waiting: number("waiting"),
        carrier: (["none", "descriptors", "frames"] as const)[number("carrier")] ?? "none",
        problem: text("problem"),
      });
    case "CAPABILITIES_REPORT":
      return plugin.encodeCapabilitiesReport({
        tool: text("tool"),
        version: text("version"),
        facts: fields["facts"] as [string, string][],
      });
    case "EXPLANATION":
      return plugin.encodeExplanation({ text: text("people"), json: text("object") });
    case "PENDING":
      return plugin.encodePending(text("message"));
    case "STDIN":
    case "STDOUT":
    case "STDERR":
      return encodeFrame(name, new TextEncoder().encode(text("data")));
    case "STDIN_END":
    case "HEALTH":
    case "CAPABILITIES":
    case "ALLOW":
  }
  return encodeFrame(name);
}

/** `5`, `0x80`, or `NAME value · NAME value`. */
function readNumbers(cell: string): number | Record<string, number> {
  if (/^[\da-fx]+$/u.test(cell)) {
    return Number(cell);
  }
  return Object.fromEntries(
    cell.split(" · ").map((part) => {
      const [name = "", value = ""] = part.split(" ");
      return [name, Number(value)];
    }),
  );
}

function isOfClient(name: MessageName): boolean {
  return MESSAGE[name] < constants.FIRST_PLUGIN_MESSAGE;
}

/** The highest number that a message of this side has. */
function lastOf(side: "client" | "plugin"): number {
  return Math.max(
    ...messageNames.filter((name) => isOfClient(name) === (side === "client")).map((name) => MESSAGE[name]),
  );
}

/** 0x0a. */
function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}

/** 131,071: the way that the text writes large numbers. */
function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
