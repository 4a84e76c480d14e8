import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  ERROR,
  MAX_FACTS,
  MAX_PAYLOAD_BYTES,
  MAX_RULE_BYTES,
  MAX_SENTENCE_BYTES,
} from "../../src/protocol/constants.ts";
import type { ErrorName } from "../../src/protocol/constants.ts";
import { ProtocolError } from "../../src/protocol/errors.ts";
import * as messages from "../../src/protocol/plugin-messages.ts";
import type { Exit, HealthReport } from "../../src/protocol/plugin-messages.ts";
import { bytes, concat, payloadOf, u32 } from "./bytes.ts";
import { refusal } from "./refusal.ts";

const errors = Object.keys(ERROR) as ErrorName[];

describe("WELCOME", () => {
  test("encodeWelcome writes magic, version and features", () => {
    expect(messages.encodeWelcome({ version: 1, features: 1 })).toEqual(bytes('81 00000008 "CCPS" 0001 0001'));
  });

  test("decodeWelcome ignores what a later version adds", () => {
    expect(messages.decodeWelcome(bytes('"CCPS" 0001 0003 ff ff'))).toEqual({ version: 1, features: 3 });
  });

  test.each([
    { name: "another magic", hex: '"SSH-" 0001 0001', code: "malformed_message" as const },
    { name: "version 0", hex: '"CCPS" 0000 0001', code: "unsupported_version" as const },
    { name: "version 2", hex: '"CCPS" 0002 0001', code: "unsupported_version" as const },
    { name: "no features", hex: '"CCPS" 0001 00', code: "malformed_message" as const },
  ])("decodeWelcome refuses $name", ({ hex, code }) => {
    expect(refusal(() => messages.decodeWelcome(bytes(hex))).code).toBe(code);
  });
});

describe("DENY", () => {
  const hex = `83 0000000f 00000001 "r" 00000006 "No 'x'"`;

  test("encodeDeny writes the rule and the sentence", () => {
    expect(messages.encodeDeny({ rule: "r", message: "No 'x'" })).toEqual(bytes(hex));
    expect(messages.decodeDeny(payloadOf(bytes(hex)))).toEqual({ rule: "r", message: "No 'x'" });
  });

  test("encodeDeny takes NUL out, which no text may hold", () => {
    expect(messages.decodeDeny(payloadOf(messages.encodeDeny({ rule: "\0r", message: "a\0b\0" })))).toEqual({
      rule: "r",
      message: "ab",
    });
  });

  test("encodeDeny keeps a rule of the most bytes and cuts one more", () => {
    const ruleOf = (length: number): number =>
      messages.decodeDeny(payloadOf(messages.encodeDeny({ rule: "r".repeat(length), message: "" }))).rule.length;
    expect([ruleOf(MAX_RULE_BYTES), ruleOf(MAX_RULE_BYTES + 1)]).toEqual([MAX_RULE_BYTES, MAX_RULE_BYTES]);
  });

  test.each([
    { name: "one byte a character", character: "x" },
    { name: "two bytes a character", character: "é" },
    { name: "three bytes a character", character: "€" },
    { name: "four bytes a character", character: "𝄞" },
  ])("encodeDeny cuts a long sentence of $name at a character's end, within the limit", ({ character }) => {
    const frame = messages.encodeDeny({ rule: "€".repeat(1_000), message: character.repeat(100_000) });
    expect(payloadOf(frame).length).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES.DENY);
    const { rule, message } = messages.decodeDeny(payloadOf(frame));
    expect(rule).toBe("€".repeat(Math.floor(MAX_RULE_BYTES / 3)));
    expect(message).toBe(character.repeat(message.length / character.length));
    expect(Buffer.byteLength(message)).toBeGreaterThan(MAX_SENTENCE_BYTES - 256 - 4);
  });

  test("encodeDeny takes NUL out of a sentence that it cuts, too", () => {
    const { message } = messages.decodeDeny(payloadOf(messages.encodeDeny({ rule: "", message: "a\0".repeat(5_000) })));
    expect(message).toBe("a".repeat(MAX_SENTENCE_BYTES - 256));
  });

  test("encodeDeny leaves a sentence alone that just fits", () => {
    const message = "x".repeat(MAX_SENTENCE_BYTES - 256);
    expect(messages.decodeDeny(payloadOf(messages.encodeDeny({ rule: "", message }))).message).toBe(message);
  });
});

describe("ERROR", () => {
  test.each(errors.map((name, index) => ({ name, number: index + 1 })))(
    "ERROR $number is $name",
    ({ name, number }) => {
      expect(messages.encodeError(name, "No")).toEqual(
        concat(bytes("89 00000008 00"), Uint8Array.of(number), bytes('00000002 "No"')),
      );
      expect(messages.decodeError(bytes(`${number.toString(16).padStart(4, "0")} 00000000`))).toEqual({
        code: name,
        message: "",
      });
    },
  );

  test.each(["0000", "0012", "ffff"])(
    "decodeError reads the sentence of number %s, which it does not know",
    (number) => {
      expect(messages.decodeError(bytes(`${number} 00000003 "Why"`))).toEqual({ code: undefined, message: "Why" });
    },
  );

  test("encodeError keeps within the limit", () => {
    expect(payloadOf(messages.encodeError("internal", "€".repeat(9_999))).length).toBeLessThanOrEqual(
      MAX_PAYLOAD_BYTES.ERROR,
    );
  });
});

describe("WANT_INPUT", () => {
  test.each([
    { count: 0, hex: "84 00000004 00000000" },
    { count: 65_536, hex: "84 00000004 00010000" },
    { count: 0xff_ff_ff_ff, hex: "84 00000004 ffffffff" },
  ])("encodeWantInput asks for $count bytes", ({ count, hex }) => {
    expect(messages.encodeWantInput(count)).toEqual(bytes(hex));
    expect(messages.decodeWantInput(payloadOf(bytes(hex)))).toBe(count);
  });

  test.each(["", "000000", "0000000000"])('decodeWantInput refuses "%s"', (hex) => {
    expect(refusal(() => messages.decodeWantInput(bytes(hex))).code).toBe("malformed_message");
  });
});

describe("OUTPUT_END", () => {
  test.each([
    { stream: 1 as const, hex: "87 00000001 01" },
    { stream: 2 as const, hex: "87 00000001 02" },
  ])("encodeOutputEnd names stream $stream", ({ stream, hex }) => {
    expect(messages.encodeOutputEnd(stream)).toEqual(bytes(hex));
    expect(messages.decodeOutputEnd(payloadOf(bytes(hex)))).toBe(stream);
  });

  test.each(["", "00", "03", "0102"])('decodeOutputEnd refuses "%s"', (hex) => {
    expect(refusal(() => messages.decodeOutputEnd(bytes(hex))).code).toBe("malformed_message");
  });
});

describe("EXIT", () => {
  test.each<{ name: string; exit: Exit; hex: string }>([
    {
      name: "code 0",
      exit: { ending: { code: 0 }, stdinBytes: 0 },
      hex: "88 0000000e 00 00 00000000 00000000 00000000",
    },
    {
      name: "code 255 after 4 GiB of input",
      exit: { ending: { code: 255 }, stdinBytes: 2 ** 32 + 258 },
      hex: "88 0000000e 00 ff 00000000 00000001 00000102",
    },
    {
      name: "a signal",
      exit: { ending: { signal: "SIGTERM" }, stdinBytes: 0 },
      hex: '88 00000015 01 00 00000007 "SIGTERM" 00000000 00000000',
    },
  ])("encodeExit writes $name", ({ exit, hex }) => {
    expect(messages.encodeExit(exit)).toEqual(bytes(hex));
    expect(messages.decodeExit(payloadOf(bytes(hex)))).toEqual(exit);
  });

  test.each([
    {
      name: "kind 2",
      hex: "02 00 00000000 0000000000000000",
      message: "Cannot read EXIT: found kind 2, accepted are 0 (code) and 1 (signal)",
    },
    {
      name: "a cut one",
      hex: "00 00 00000000 00000000000000",
      message: "Cannot read EXIT: found fewer bytes than its fields need",
    },
    {
      name: "a byte too many",
      hex: "00 00 00000000 0000000000000000 00",
      message: "Cannot read EXIT: found 1 bytes after its last field",
    },
  ])("decodeExit refuses $name", ({ hex, message }) => {
    expect(refusal(() => messages.decodeExit(bytes(hex)))).toEqual({ code: "malformed_message", message });
  });
});

describe("HEALTH_REPORT", () => {
  const report: HealthReport = {
    state: "ready",
    tool: "git",
    version: "0.1.0",
    pid: 4_242,
    sinceMs: 1_790_000_000_000,
    sessions: 2,
    waiting: 3,
    carrier: "descriptors",
    problem: "a:1:1: b",
  };
  const hex =
    '8a 00000032 01 00000003 "git" 00000005 "0.1.0" 00001092 000001a0 c4506c00 00000002 00000003 01 00000008 "a:1:1: b"';

  test("encodeHealthReport writes the fields in the order of the field block", () => {
    const frame = messages.encodeHealthReport(report);
    expect(frame.toHex()).toBe(bytes(hex).toHex());
    expect(messages.decodeHealthReport(payloadOf(frame))).toEqual(report);
  });

  test("encodeHealthReport writes a plugin that is stopping", () => {
    expect(messages.encodeHealthReport({ ...report, state: "stopping" })[5]).toBe(2);
  });

  test.each([0, 3, 255])("decodeHealthReport refuses state %d rather than guess what it means", (state) => {
    const payload = payloadOf(messages.encodeHealthReport(report));
    payload[0] = state;
    expect(refusal(() => messages.decodeHealthReport(payload))).toEqual({
      code: "malformed_message",
      message: `Cannot read HEALTH_REPORT: found state ${state}, accepted are 1 (ready) and 2 (stopping)`,
    });
  });
});

test.each([3, 255])("decodeHealthReport refuses carrier %d rather than guess what it means", (carrier) => {
  const report = { state: "ready", tool: "", version: "", pid: 1, sinceMs: 1, sessions: 1, waiting: 1 } as const;
  const payload = payloadOf(messages.encodeHealthReport({ ...report, carrier: "none", problem: "" }));
  payload[payload.length - 5] = carrier;
  expect(refusal(() => messages.decodeHealthReport(payload))).toEqual({
    code: "malformed_message",
    message: `Cannot read HEALTH_REPORT: found carrier ${carrier}, accepted are 0 (none), 1 (descriptors) and 2 (frames)`,
  });
});

test("encodeHealthReport cuts a long problem, and the report stays within its limit", () => {
  const report = {
    state: "ready",
    tool: "t".repeat(64),
    version: "1.2.3",
    pid: 1,
    sinceMs: 1,
    sessions: 1,
    waiting: 1,
  } as const;
  const frame = messages.encodeHealthReport({ ...report, carrier: "none", problem: "é".repeat(5_000) });
  expect(payloadOf(frame).length).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES.HEALTH_REPORT);
  expect(messages.decodeHealthReport(payloadOf(frame)).problem).toBe("é".repeat(1024));
});

describe("CAPABILITIES_REPORT", () => {
  const report = { tool: "git", version: "0.1.0", facts: [["stdio", "descriptors"]] as [string, string][] };

  test("encodeCapabilitiesReport writes tool, version and facts", () => {
    const hex = '8b 0000002c 00000003 "git" 00000005 "0.1.0" 00000001 00000005 "stdio" 0000000b "descriptors"';
    expect(messages.encodeCapabilitiesReport(report).toHex()).toBe(bytes(hex).toHex());
    expect(messages.decodeCapabilitiesReport(payloadOf(bytes(hex)))).toEqual(report);
  });

  test("decodeCapabilitiesReport takes the most facts and refuses one more", () => {
    const fact = "00000000 00000000 ";
    const of = (count: number): Uint8Array => bytes(`00000000 00000000 ${u32(count)} ${fact.repeat(count)}`);
    expect(messages.decodeCapabilitiesReport(of(MAX_FACTS)).facts).toHaveLength(MAX_FACTS);
    expect(refusal(() => messages.decodeCapabilitiesReport(of(MAX_FACTS + 1))).message).toBe(
      `Cannot read CAPABILITIES_REPORT: found a list of ${MAX_FACTS + 1}, at most ${MAX_FACTS} are accepted`,
    );
  });

  test.each([
    {
      name: "more facts than a report may have",
      facts: Array.from({ length: 1_000 }, (_, index) => [`fact.${index}`, "x"] as [string, string]),
    },
    {
      name: "facts of more bytes than a report may have",
      facts: Array.from({ length: 200 }, (_, index) => [`fact.${index}`, "x".repeat(1_000)] as [string, string]),
    },
    {
      name: "one fact that alone is too long",
      facts: [
        ["stdio", "frames"],
        ["rules.blocked_commands", "x".repeat(70_000)],
        ["roots", "/"],
      ] as [string, string][],
    },
  ])("encodeCapabilitiesReport keeps within the limit with $name, and what it keeps is whole", ({ facts }) => {
    const payload = payloadOf(messages.encodeCapabilitiesReport({ ...report, facts }));
    expect(payload.length).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES.CAPABILITIES_REPORT);
    const kept = messages.decodeCapabilitiesReport(payload).facts;
    expect(kept.length).toBeGreaterThan(0);
    expect(facts).toEqual(expect.arrayContaining(kept));
  });
});

describe("CAPABILITIES_REPORT at its limit", () => {
  test("encodeCapabilitiesReport takes a fact that fills the report and leaves out one of a byte more", () => {
    const lengths = (extra: number): number[] => {
      // 12 bytes of lengths and count, 8 of the fact's lengths.
      const value = "x".repeat(MAX_PAYLOAD_BYTES.CAPABILITIES_REPORT - 12 - 8 - "git0.1.0stdio".length + extra);
      const payload = payloadOf(
        messages.encodeCapabilitiesReport({ tool: "git", version: "0.1.0", facts: [["stdio", value]] }),
      );
      return [payload.length, messages.decodeCapabilitiesReport(payload).facts.length];
    };
    expect(lengths(0)).toEqual([MAX_PAYLOAD_BYTES.CAPABILITIES_REPORT, 1]);
    expect(lengths(1)).toEqual([20, 0]);
  });
});

const text = fc.string({ unit: "binary", maxLength: 30 }).map((value) => value.replaceAll("\0", ""));
const u32s = fc.nat(0xff_ff_ff_ff);
const stream = fc.constantFrom(1 as const, 2 as const);

describe("EXPLANATION", () => {
  test("encodeExplanation writes text and object, and decodeExplanation reads them", () => {
    const explanation = { text: "decision  deny\n", json: '{"decision":"deny"}' };
    const payload = payloadOf(messages.encodeExplanation(explanation));
    expect(messages.decodeExplanation(payload)).toEqual(explanation);
    expect(() => messages.decodeExplanation(payload.subarray(0, -1))).toThrow(ProtocolError);
  });

  test.each([0, 1])("encodeExplanation cuts a text that is %d bytes too long, and never the object", (extra) => {
    const json = `"${"y".repeat(1000)}"`;
    const text = "x".repeat(MAX_PAYLOAD_BYTES.EXPLANATION - 8 - json.length + extra);
    const payload = payloadOf(messages.encodeExplanation({ text, json }));
    expect(payload.length).toBe(MAX_PAYLOAD_BYTES.EXPLANATION);
    expect(messages.decodeExplanation(payload)).toEqual({ text: text.slice(extra), json });
  });
});

describe("PENDING", () => {
  test.each(["Waiting", "", "é"])("encodePending writes %p, and decodePending reads it", (sentence) => {
    expect(messages.decodePending(payloadOf(messages.encodePending(sentence)))).toBe(sentence);
  });

  test("encodePending keeps within the limit", () => {
    expect(payloadOf(messages.encodePending("é".repeat(9000))).length).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES.PENDING);
  });
});

describe("messages of the plugin, for any input", () => {
  test("every message of the plugin comes back as it was", () => {
    const exits = fc.record<Exit>({
      ending: fc.oneof(
        fc.record({ code: fc.nat(255) }),
        fc.record({ signal: fc.constantFrom("SIGTERM", "SIGKILL", "SIGSEGV", "SIGRTMIN") }),
      ),
      stdinBytes: fc.nat(Number.MAX_SAFE_INTEGER),
    });
    const reports = fc.record<HealthReport>({
      state: fc.constantFrom("ready", "stopping"),
      tool: text,
      version: text,
      pid: u32s,
      sinceMs: fc.nat(Number.MAX_SAFE_INTEGER),
      sessions: u32s,
      waiting: u32s,
      carrier: fc.constantFrom("none", "descriptors", "frames"),
      problem: text,
    });
    const facts = fc.array(fc.tuple(text, text), { maxLength: 20 });
    fc.assert(
      fc.property(
        exits,
        reports,
        facts,
        fc.constantFrom(...errors),
        text,
        stream,
        (exit, report, pairs, code, any, output) => {
          expect(messages.decodeExit(payloadOf(messages.encodeExit(exit)))).toEqual(exit);
          expect(messages.decodeHealthReport(payloadOf(messages.encodeHealthReport(report)))).toEqual(report);
          const capabilities = { tool: any, version: any, facts: pairs };
          expect(messages.decodeCapabilitiesReport(payloadOf(messages.encodeCapabilitiesReport(capabilities)))).toEqual(
            capabilities,
          );
          expect(messages.decodeError(payloadOf(messages.encodeError(code, any)))).toEqual({ code, message: any });
          expect(
            messages.decodeDeny(payloadOf(messages.encodeDeny({ rule: any.slice(0, 5), message: any }))),
          ).toMatchObject({ message: any });
          expect(messages.decodeOutputEnd(payloadOf(messages.encodeOutputEnd(output)))).toBe(output);
          expect(messages.decodeWantInput(payloadOf(messages.encodeWantInput(report.pid)))).toBe(report.pid);
        },
      ),
      { numRuns: 200 },
    );
  });

  const decoders = {
    WELCOME: messages.decodeWelcome,
    DENY: messages.decodeDeny,
    ERROR: messages.decodeError,
    WANT_INPUT: messages.decodeWantInput,
    OUTPUT_END: messages.decodeOutputEnd,
    EXIT: messages.decodeExit,
    HEALTH_REPORT: messages.decodeHealthReport,
    CAPABILITIES_REPORT: messages.decodeCapabilitiesReport,
    EXPLANATION: messages.decodeExplanation,
    PENDING: messages.decodePending,
  };

  test.each(Object.entries(decoders).map(([name, decode]) => ({ name, decode })))(
    "the decoder of $name throws nothing but ProtocolError",
    ({ decode }) => {
      const payload = fc
        .array(fc.oneof(fc.constantFrom(0, 1, 2, 3), fc.nat(255)), { maxLength: 80 })
        .map((values) => Uint8Array.from(values));
      fc.assert(
        fc.property(payload, (any) => {
          try {
            decode(any);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }),
        { numRuns: 1_000 },
      );
    },
  );
});
