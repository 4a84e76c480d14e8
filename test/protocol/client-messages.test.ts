import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import * as messages from "../../src/protocol/client-messages.ts";
import {
  MAX_ARGUMENTS,
  MAX_ENVIRONMENT,
  MAX_PAYLOAD_BYTES,
  MAX_TEXT_BYTES,
  MAX_WINDOW_BYTES,
  SIGNAL,
} from "../../src/protocol/constants.ts";
import type { SignalName } from "../../src/protocol/constants.ts";
import type { Open } from "../../src/protocol/client-messages.ts";
import { ProtocolError } from "../../src/protocol/errors.ts";
import { bytes, concat, payloadOf, u32 } from "./bytes.ts";
import { refusal } from "./refusal.ts";

const smallest: Open = {
  tool: "git",
  cwd: "/w",
  args: [],
  env: new Uint8Array(0),
  terminals: 0,
  window: { rows: 0, columns: 0 },
};

describe("HELLO", () => {
  test("encodeHello writes magic, version and features", () => {
    expect(messages.encodeHello({ version: 1, features: 1 })).toEqual(bytes('01 00000008 "CCPS" 0001 0001'));
  });

  test.each([
    { name: "this version", hex: '"CCPS" 0001 0001', version: 1, features: 1 },
    { name: "version 0, which is the session's to refuse", hex: '"CCPS" 0000 0000', version: 0, features: 0 },
    {
      name: "a later version with features and fields that are not known",
      hex: '"CCPS" ffff fffe 00 01 02',
      version: 65_535,
      features: 65_534,
    },
  ])("decodeHello reads $name", ({ hex, version, features }) => {
    expect(messages.decodeHello(bytes(hex))).toEqual({ version, features });
  });

  test.each([
    { name: "another magic", hex: '"CCPT" 0001 0001', message: 'Cannot read HELLO: it does not begin with "CCPS"' },
    { name: "HTTP", hex: '"GET / HTTP/1.1"', message: 'Cannot read HELLO: it does not begin with "CCPS"' },
    { name: "nothing", hex: "", message: "Cannot read HELLO: found fewer bytes than its fields need" },
    { name: "no features", hex: '"CCPS" 0001', message: "Cannot read HELLO: found fewer bytes than its fields need" },
  ])("decodeHello refuses $name", ({ hex, message }) => {
    expect(refusal(() => messages.decodeHello(bytes(hex)))).toEqual({ code: "malformed_message", message });
  });
});

describe("OPEN", () => {
  const open: Open = {
    tool: "git",
    cwd: "/w",
    args: ["log", "", "-1"],
    env: bytes('"TERM=xterm" 00 "LANG=" 00 "X=" e9 00'),
    terminals: 0b101,
    window: { rows: 24, columns: 80 },
  };
  const hex = `
    00000003 "git"  00000002 "/w"
    00000008  "log" 00  00  "-1" 00
    00000015  "TERM=xterm" 00  "LANG=" 00  "X=" e9 00
    05  0018 0050`;

  test("encodeOpen writes the fields in the order of the field block", () => {
    expect(messages.encodeOpen(open)).toEqual(bytes(`02 00000037 ${hex}`));
  });

  test("decodeOpen reads them back", () => {
    expect(messages.decodeOpen(bytes(hex))).toEqual(open);
  });

  test("decodeOpen refuses every payload that is cut, at whatever byte", () => {
    const whole = bytes(hex);
    for (let length = 0; length < whole.length; length += 1) {
      expect(refusal(() => messages.decodeOpen(whole.subarray(0, length))).code).toBe("malformed_message");
    }
  });

  test("decodeOpen refuses a byte too many", () => {
    expect(refusal(() => messages.decodeOpen(concat(bytes(hex), bytes("00")))).message).toBe(
      "Cannot read OPEN: found 1 bytes after its last field",
    );
  });

  test("decodeOpen leaves terminals of a later version to the session", () => {
    const later = { ...smallest, terminals: 255 };
    expect(messages.decodeOpen(payloadOf(messages.encodeOpen(later)))).toEqual(later);
  });

  test.each([
    {
      name: "arguments",
      max: MAX_ARGUMENTS,
      of: (count: number): Open => ({ ...smallest, args: Array.from({ length: count }, () => "") }),
    },
    {
      name: "variables of the environment",
      max: MAX_ENVIRONMENT,
      of: (count: number): Open => ({
        ...smallest,
        env: bytes('"N=" 00 '.repeat(count)),
      }),
    },
  ])("decodeOpen takes $max $name and refuses one more", ({ max, of }) => {
    const most = of(max);
    expect(messages.decodeOpen(payloadOf(messages.encodeOpen(most)))).toEqual(most);
    expect(refusal(() => messages.decodeOpen(payloadOf(messages.encodeOpen(of(max + 1)))))).toEqual({
      code: "malformed_message",
      message: `Cannot read OPEN: found a list of ${max + 1}, at most ${max} are accepted`,
    });
  });

  test("decodeOpen takes an argument of the most bytes and refuses one more", () => {
    const of = (length: number): Open => ({ ...smallest, args: ["x".repeat(length)] });
    expect(messages.decodeOpen(payloadOf(messages.encodeOpen(of(MAX_TEXT_BYTES)))).args[0]?.length).toBe(
      MAX_TEXT_BYTES,
    );
    expect(refusal(() => messages.decodeOpen(payloadOf(messages.encodeOpen(of(MAX_TEXT_BYTES + 1)))))).toEqual({
      code: "malformed_message",
      message: `Cannot read OPEN: found a text of ${MAX_TEXT_BYTES + 1} bytes, at most ${MAX_TEXT_BYTES} are accepted`,
    });
  });

  test.each([
    { name: "arguments longer than the message", hex: "00000000 00000000 00007fff 00000000" },
    { name: "variables longer than the message", hex: "00000000 00000000 00000000 00001000 00000000" },
  ])("decodeOpen refuses $name before it makes room for them", ({ hex }) => {
    expect(refusal(() => messages.decodeOpen(bytes(hex))).message).toBe(
      "Cannot read OPEN: found fewer bytes than its fields need",
    );
  });

  test("decodeOpen refuses arguments that are not UTF-8, and leaves the environment as it is", () => {
    expect(refusal(() => messages.decodeOpen(bytes(hex.replace('"log"', "6c6fe9")))).message).toBe(
      "Cannot read OPEN: found a text that is not UTF-8",
    );
  });
});

describe("WANT_OUTPUT", () => {
  test.each([
    { name: "nothing of stdout", stream: 1 as const, count: 0, hex: "05 00000005 01 00000000" },
    { name: "64 KiB of stderr", stream: 2 as const, count: 65_536, hex: "05 00000005 02 00010000" },
    { name: "the most", stream: 1 as const, count: MAX_WINDOW_BYTES, hex: "05 00000005 01 00400000" },
  ])("encodeWantOutput asks for $name", ({ stream, count, hex }) => {
    expect(messages.encodeWantOutput(stream, count)).toEqual(bytes(hex));
    expect(messages.decodeWantOutput(payloadOf(bytes(hex)))).toEqual({ stream, bytes: count });
  });

  test.each([
    {
      name: "more than the most",
      hex: "01 00400001",
      message: `Cannot read WANT_OUTPUT: found ${MAX_WINDOW_BYTES + 1} bytes, at most ${MAX_WINDOW_BYTES} are accepted`,
    },
    {
      name: "stdin",
      hex: "00 00000001",
      message: "Cannot read WANT_OUTPUT: found stream 0, accepted are 1 (stdout) and 2 (stderr)",
    },
    {
      name: "stream 3",
      hex: "03 00000001",
      message: "Cannot read WANT_OUTPUT: found stream 3, accepted are 1 (stdout) and 2 (stderr)",
    },
    {
      name: "a byte too few",
      hex: "01 000000",
      message: "Cannot read WANT_OUTPUT: found fewer bytes than its fields need",
    },
    {
      name: "a byte too many",
      hex: "01 00000000 00",
      message: "Cannot read WANT_OUTPUT: found 1 bytes after its last field",
    },
  ])("decodeWantOutput refuses $name", ({ hex, message }) => {
    expect(refusal(() => messages.decodeWantOutput(bytes(hex)))).toEqual({ code: "malformed_message", message });
  });
});

describe("OUTPUT_CLOSED", () => {
  test.each([
    { stream: 1 as const, hex: "06 00000001 01" },
    { stream: 2 as const, hex: "06 00000001 02" },
  ])("encodeOutputClosed names stream $stream", ({ stream, hex }) => {
    expect(messages.encodeOutputClosed(stream)).toEqual(bytes(hex));
    expect(messages.decodeOutputClosed(payloadOf(bytes(hex)))).toBe(stream);
  });

  test.each(["", "00", "03", "0101"])('decodeOutputClosed refuses "%s"', (hex) => {
    expect(refusal(() => messages.decodeOutputClosed(bytes(hex))).code).toBe("malformed_message");
  });
});

describe("SIGNAL", () => {
  test.each((Object.keys(SIGNAL) as SignalName[]).map((name, index) => ({ name, number: index + 1 })))(
    "SIGNAL $number is $name",
    ({ name, number }) => {
      expect(messages.encodeSignal(name)).toEqual(concat(bytes("07 00000001"), Uint8Array.of(number)));
      expect(messages.decodeSignal(Uint8Array.of(number))).toBe(name);
    },
  );

  test.each([0, 8, 9, 255])("decodeSignal refuses %d", (number) => {
    expect(refusal(() => messages.decodeSignal(Uint8Array.of(number)))).toEqual({
      code: "malformed_message",
      message: `Cannot read SIGNAL: found ${number}, accepted are 1 (SIGINT), 2 (SIGTERM), 3 (SIGHUP), 4 (SIGQUIT), 5 (SIGTSTP), 6 (SIGCONT), 7 (SIGWINCH)`,
    });
  });
});

describe("WINDOW", () => {
  test.each([
    { rows: 0, columns: 0, hex: "08 00000004 0000 0000" },
    { rows: 24, columns: 80, hex: "08 00000004 0018 0050" },
    { rows: 65_535, columns: 65_535, hex: "08 00000004 ffff ffff" },
  ])("encodeWindow writes $rows by $columns", ({ rows, columns, hex }) => {
    expect(messages.encodeWindow({ rows, columns })).toEqual(bytes(hex));
    expect(messages.decodeWindow(payloadOf(bytes(hex)))).toEqual({ rows, columns });
  });

  test.each(["", "001800", "0018005000"])('decodeWindow refuses "%s"', (hex) => {
    expect(refusal(() => messages.decodeWindow(bytes(hex))).code).toBe("malformed_message");
  });
});

const text = fc.string({ unit: "binary", maxLength: 20 }).map((value) => value.replaceAll("\0", ""));
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xff_ff);
const stream = fc.constantFrom(1 as const, 2 as const);

describe("messages of the client, for any input", () => {
  test("OPEN comes back as it was", () => {
    const opens = fc.record<Open>({
      tool: text,
      cwd: text,
      args: fc.array(text),
      env: fc.array(text).map((entries) => new TextEncoder().encode(entries.map((entry) => `${entry}\0`).join(""))),
      terminals: u8,
      window: fc.record({ rows: u16, columns: u16 }),
    });
    fc.assert(
      fc.property(opens, (open) => {
        expect(messages.decodeOpen(payloadOf(messages.encodeOpen(open)))).toEqual(open);
      }),
      { numRuns: 300 },
    );
  });

  test("HELLO, WANT_OUTPUT, OUTPUT_CLOSED, SIGNAL and WINDOW come back as they were", () => {
    const signal = fc.constantFrom(...(Object.keys(SIGNAL) as SignalName[]));
    fc.assert(
      fc.property(u16, u16, stream, fc.nat(MAX_WINDOW_BYTES), signal, (a, b, output, count, name) => {
        expect(messages.decodeHello(payloadOf(messages.encodeHello({ version: a, features: b })))).toEqual({
          version: a,
          features: b,
        });
        expect(messages.decodeWindow(payloadOf(messages.encodeWindow({ rows: a, columns: b })))).toEqual({
          rows: a,
          columns: b,
        });
        expect(messages.decodeWantOutput(payloadOf(messages.encodeWantOutput(output, count)))).toEqual({
          stream: output,
          bytes: count,
        });
        expect(messages.decodeOutputClosed(payloadOf(messages.encodeOutputClosed(output)))).toBe(output);
        expect(messages.decodeSignal(payloadOf(messages.encodeSignal(name)))).toBe(name);
      }),
    );
  });

  const decoders = {
    HELLO: messages.decodeHello,
    OPEN: messages.decodeOpen,
    WANT_OUTPUT: messages.decodeWantOutput,
    OUTPUT_CLOSED: messages.decodeOutputClosed,
    SIGNAL: messages.decodeSignal,
    WINDOW: messages.decodeWindow,
  };

  test.each(Object.entries(decoders).map(([name, decode]) => ({ name, decode })))(
    "the decoder of $name throws nothing but ProtocolError",
    ({ name, decode }) => {
      // Small numbers are frequent, so that counts and lengths are often plausible.
      const payload = fc
        .array(fc.oneof(fc.constantFrom(0, 1, 2, 3), u8), { maxLength: 120 })
        .map((values) => Uint8Array.from(values));
      const withMagic = payload.map((rest) => concat(bytes('"CCPS" 0001'), rest));
      fc.assert(
        fc.property(fc.oneof(payload, withMagic), (any) => {
          try {
            decode(any);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }),
        { numRuns: 1_000 },
      );
      expect(Object.keys(MAX_PAYLOAD_BYTES)).toContain(name);
    },
  );

  test("decodeOpen survives any single byte of a real OPEN being changed", () => {
    const whole = payloadOf(messages.encodeOpen({ ...smallest, args: ["a", "bc"], env: bytes('"N=v" 00') }));
    for (let index = 0; index < whole.length; index += 1) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const changed = whole.slice();
        changed[index] = value;
        try {
          messages.decodeOpen(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }
    }
    expect(u32(whole.length)).toHaveLength(8);
  });
});
