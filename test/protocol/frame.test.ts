import { describe, expect, test } from "bun:test";
import { HEADER_BYTES, MAX_PAYLOAD_BYTES, MESSAGE } from "../../src/protocol/constants.ts";
import type { MessageName } from "../../src/protocol/constants.ts";
import { decodeHeader, encodeFrame, encodeHeader } from "../../src/protocol/frame.ts";
import { bytes, u32 } from "./bytes.ts";
import { refusal } from "./refusal.ts";

const names = Object.keys(MESSAGE) as MessageName[];

describe("encodeHeader", () => {
  test.each([
    { name: "no payload", type: MESSAGE.STDIN_END, length: 0, hex: "04 00000000" },
    { name: "one byte", type: MESSAGE.SIGNAL, length: 1, hex: "07 00000001" },
    { name: "64 KiB", type: MESSAGE.STDOUT, length: 65_536, hex: "85 00010000" },
    { name: "every byte of the length", type: MESSAGE.OPEN, length: 0x01_02_03_04, hex: "02 01020304" },
    { name: "a length with its highest bit", type: MESSAGE.OPEN, length: 0xff_ff_ff_fe, hex: "02 fffffffe" },
  ])("encodeHeader writes $name", ({ type, length, hex }) => {
    expect(encodeHeader(type, length)).toEqual(bytes(hex));
  });
});

describe("encodeFrame", () => {
  test("encodeFrame puts the header in front of the payload", () => {
    expect(encodeFrame("STDIN", bytes('"hi"'))).toEqual(bytes('03 00000002 "hi"'));
  });

  test("encodeFrame writes a message without payload as its header alone", () => {
    expect(encodeFrame("ALLOW")).toEqual(bytes("82 00000000"));
  });
});

describe("decodeHeader", () => {
  test.each(names.map((name) => ({ name, limit: MAX_PAYLOAD_BYTES[name], type: MESSAGE[name] })))(
    "decodeHeader takes $name of $limit bytes and refuses one more",
    ({ name, limit, type }) => {
      const header = (length: number) => Uint8Array.of(type, ...bytes(u32(length)));
      expect(decodeHeader(header(0))).toEqual({ name, length: 0 });
      expect(decodeHeader(header(limit))).toEqual({ name, length: limit });
      expect(refusal(() => decodeHeader(header(limit + 1)))).toEqual({
        code: "message_too_long",
        message: `Cannot read ${name} of ${limit + 1} bytes: at most ${limit} are accepted`,
      });
      expect(refusal(() => decodeHeader(header(0xff_ff_ff_ff))).code).toBe("message_too_long");
    },
  );

  test("decodeHeader refuses every type that no message has", () => {
    const known = new Set<number>(Object.values(MESSAGE));
    const unknown = Array.from({ length: 256 }, (_, type) => type).filter((type) => !known.has(type));
    expect(unknown.length).toBe(256 - names.length);
    for (const type of unknown) {
      const hex = type.toString(16).padStart(2, "0");
      expect(refusal(() => decodeHeader(Uint8Array.of(type, 0, 0, 0, 0)))).toEqual({
        code: "unknown_message",
        message: `Cannot read message type 0x${hex}`,
      });
    }
  });

  test("decodeHeader judges the type before the length", () => {
    expect(refusal(() => decodeHeader(bytes("7f ffffffff"))).code).toBe("unknown_message");
  });

  test("decodeHeader reads from the middle of a larger buffer", () => {
    const buffer = bytes("ffff 07 00000001 ffff");
    expect(decodeHeader(buffer.subarray(2, 2 + HEADER_BYTES))).toEqual({ name: "SIGNAL", length: 1 });
  });
});
