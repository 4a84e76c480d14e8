import { describe, expect, test } from "bun:test";
import { MAX_TEXT_BYTES } from "../../src/protocol/constants.ts";
import { FieldReader, FieldWriter } from "../../src/protocol/fields.ts";
import { bytes, concat, u32 } from "./bytes.ts";
import { refusal } from "./refusal.ts";

const reader = (hex: string): FieldReader => new FieldReader("OPEN", bytes(hex));

describe("FieldWriter and FieldReader", () => {
  test.each([
    {
      name: "u8 0",
      write: (w: FieldWriter) => w.u8(0),
      read: (r: FieldReader): unknown => r.u8(),
      hex: "00",
      value: 0,
    },
    {
      name: "u8 255",
      write: (w: FieldWriter) => w.u8(255),
      read: (r: FieldReader): unknown => r.u8(),
      hex: "ff",
      value: 255,
    },
    {
      name: "u16",
      write: (w: FieldWriter) => w.u16(0x1234),
      read: (r: FieldReader): unknown => r.u16(),
      hex: "1234",
      value: 0x1234,
    },
    {
      name: "u16 at its most",
      write: (w: FieldWriter) => w.u16(65_535),
      read: (r: FieldReader): unknown => r.u16(),
      hex: "ffff",
      value: 65_535,
    },
    {
      name: "u32",
      write: (w: FieldWriter) => w.u32(0x01_02_03_04),
      read: (r: FieldReader): unknown => r.u32(),
      hex: "01020304",
      value: 0x01_02_03_04,
    },
    {
      name: "u32 at its most",
      write: (w: FieldWriter) => w.u32(0xff_ff_ff_ff),
      read: (r: FieldReader): unknown => r.u32(),
      hex: "ffffffff",
      value: 4_294_967_295,
    },
    {
      name: "u64 above 32 bits",
      write: (w: FieldWriter) => w.u64(2 ** 32 + 5),
      read: (r: FieldReader): unknown => r.u64(),
      hex: "00000001 00000005",
      value: 2 ** 32 + 5,
    },
    {
      name: "u64 at 2^53 − 1",
      write: (w: FieldWriter) => w.u64(Number.MAX_SAFE_INTEGER),
      read: (r: FieldReader): unknown => r.u64(),
      hex: "001fffff ffffffff",
      value: Number.MAX_SAFE_INTEGER,
    },
    {
      name: "bytes",
      write: (w: FieldWriter) => w.bytes(bytes("0001ff")),
      read: (r: FieldReader): unknown => r.bytes(3),
      hex: "0001ff",
      value: bytes("0001ff"),
    },
    {
      name: "an empty text",
      write: (w: FieldWriter) => w.text(""),
      read: (r: FieldReader): unknown => r.text(),
      hex: "00000000",
      value: "",
    },
    {
      name: "a text",
      write: (w: FieldWriter) => w.text("git"),
      read: (r: FieldReader): unknown => r.text(),
      hex: '00000003 "git"',
      value: "git",
    },
    {
      name: "a text of 2, 3 and 4 bytes a character",
      write: (w: FieldWriter) => w.text("é€𝄞"),
      read: (r: FieldReader): unknown => r.text(),
      hex: "00000009 c3a9 e282ac f09d849e",
      value: "é€𝄞",
    },
    {
      name: "a text that begins with a byte order mark",
      write: (w: FieldWriter) => w.text("\uFEFFa"),
      read: (r: FieldReader): unknown => r.text(),
      hex: "00000004 efbbbf 61",
      value: "\uFEFFa",
    },
    {
      name: "a text with newline, tab and escape",
      write: (w: FieldWriter) => w.text("\n\t\u001B"),
      read: (r: FieldReader): unknown => r.text(),
      hex: "00000003 0a 09 1b",
      value: "\n\t\u001B",
    },
    {
      name: "an empty list of strings",
      write: (w: FieldWriter) => w.strings([]),
      read: (r: FieldReader): unknown => r.strings(9),
      hex: "00000000",
      value: [],
    },
    {
      name: "a list of strings",
      write: (w: FieldWriter) => w.strings(["", "-b", "é"]),
      read: (r: FieldReader): unknown => r.strings(9),
      hex: '00000007 00 "-b" 00 c3a9 00',
      value: ["", "-b", "é"],
    },
    {
      name: "a block, whatever its encoding",
      write: (w: FieldWriter) => w.u32(3).bytes(bytes("e9 00 00")),
      read: (r: FieldReader): unknown => r.block(9),
      hex: "00000003 e9 00 00",
      value: bytes("e9 00 00"),
    },
    {
      name: "pairs",
      write: (w: FieldWriter) => w.pairs([["TZ", "UTC"]]),
      read: (r: FieldReader): unknown => r.pairs(9),
      hex: '00000001 00000002 "TZ" 00000003 "UTC"',
      value: [["TZ", "UTC"]],
    },
  ])("$name has exactly these bytes", ({ write, read, hex, value }) => {
    expect(write(new FieldWriter()).finish()).toEqual(bytes(hex));
    const fields = reader(hex);
    expect(read(fields)).toEqual(value);
    fields.end();
  });

  test("FieldWriter grows without losing a byte", () => {
    const long = "ä".repeat(5_000);
    const written = new FieldWriter().u8(7).text(long).u32(9).finish();
    expect(written).toEqual(concat(bytes(`07 ${u32(10_000)}`), new TextEncoder().encode(long), bytes("00000009")));
  });

  test("FieldWriter leaves nothing after what was written", () => {
    expect(new FieldWriter().u8(1).finish().length).toBe(1);
  });
});

describe("FieldReader", () => {
  test.each([
    { name: "a u8", hex: "", read: (r: FieldReader): unknown => r.u8() },
    { name: "a u16", hex: "01", read: (r: FieldReader): unknown => r.u16() },
    { name: "a u32", hex: "010203", read: (r: FieldReader): unknown => r.u32() },
    { name: "a u64", hex: "01020304 050607", read: (r: FieldReader): unknown => r.u64() },
    { name: "bytes", hex: "0102", read: (r: FieldReader): unknown => r.bytes(3) },
    { name: "a text", hex: '00000004 "git"', read: (r: FieldReader): unknown => r.text() },
    { name: "the length of a text", hex: "000000", read: (r: FieldReader): unknown => r.text() },
    { name: "a list of strings", hex: '00000004 "ab" 00', read: (r: FieldReader): unknown => r.strings(9) },
    { name: "a block", hex: '00000004 "ab" 00', read: (r: FieldReader): unknown => r.block(9) },
    {
      name: "the last of its pairs",
      hex: "00000002 00000000 00000000 00000000 000000",
      read: (r: FieldReader): unknown => r.pairs(2),
    },
    { name: "a list of pairs, which is only counted,", hex: "00000009", read: (r: FieldReader): unknown => r.pairs(9) },
  ])("FieldReader refuses $name that is cut", ({ hex, read }) => {
    expect(refusal(() => read(reader(hex)))).toEqual({
      code: "malformed_message",
      message: "Cannot read OPEN: found fewer bytes than its fields need",
    });
  });

  test.each([
    { name: "a lone continuation byte", hex: "00000001 80" },
    { name: "a cut sequence", hex: "00000002 c3 28" },
    { name: "an overlong slash", hex: "00000002 c0 af" },
    { name: "a surrogate", hex: "00000003 ed a0 80" },
    { name: "a code point above U+10FFFF", hex: "00000004 f4 90 80 80" },
    { name: "Latin-1", hex: "00000001 e9" },
  ])("FieldReader refuses a text with $name", ({ hex }) => {
    expect(refusal(() => reader(hex).text())).toEqual({
      code: "malformed_message",
      message: "Cannot read OPEN: found a text that is not UTF-8",
    });
  });

  test.each(["00000001 00", '00000003 "a" 00 "b"', '00000002 "a" 00'])(
    "FieldReader refuses a NUL in a text: %s",
    (hex) => {
      expect(refusal(() => reader(hex).text()).message).toBe("Cannot read OPEN: found a text with a NUL byte");
    },
  );

  test("FieldReader takes a text of the most bytes and refuses one more", () => {
    const most = concat(bytes(u32(MAX_TEXT_BYTES)), new Uint8Array(MAX_TEXT_BYTES).fill(0x61));
    expect(new FieldReader("OPEN", most).text().length).toBe(MAX_TEXT_BYTES);
    const more = concat(bytes(u32(MAX_TEXT_BYTES + 1)), new Uint8Array(MAX_TEXT_BYTES + 1).fill(0x61));
    expect(refusal(() => new FieldReader("OPEN", more).text()).message).toBe(
      `Cannot read OPEN: found a text of ${MAX_TEXT_BYTES + 1} bytes, at most ${MAX_TEXT_BYTES} are accepted`,
    );
  });

  test("FieldReader takes as many pairs as are allowed and refuses one more", () => {
    const pair = "00000000 00000000 ";
    expect(reader(`00000003 ${pair.repeat(3)}`).pairs(3)).toHaveLength(3);
    expect(refusal(() => reader(`00000004 ${pair.repeat(4)}`).pairs(3)).message).toBe(
      "Cannot read OPEN: found a list of 4, at most 3 are accepted",
    );
  });

  test.each([
    { name: "strings", read: (r: FieldReader): unknown => r.strings(3) },
    { name: "block", read: (r: FieldReader): unknown => r.block(3) },
  ])("FieldReader takes as many strings with $name() as are allowed and refuses one more", ({ read }) => {
    expect(read(reader("00000003 000000"))).toHaveLength(3);
    expect(refusal(() => read(reader("00000004 00000000"))).message).toBe(
      "Cannot read OPEN: found a list of 4, at most 3 are accepted",
    );
    expect(refusal(() => read(reader('00000003 "ab" 63'))).message).toBe(
      "Cannot read OPEN: found a list whose last string does not end",
    );
    expect(refusal(() => read(reader('00000003 00 "bc"'))).message).toBe(
      "Cannot read OPEN: found a list whose last string does not end",
    );
  });

  test.each([
    { name: "strings", read: (r: FieldReader): unknown => r.strings(9) },
    { name: "block", read: (r: FieldReader): unknown => r.block(9) },
  ])("FieldReader takes a string of the most bytes with $name() and refuses one more", ({ read }) => {
    const of = (length: number): FieldReader =>
      new FieldReader(
        "OPEN",
        concat(bytes(u32(length + 2)), bytes("00"), new Uint8Array(length).fill(0x61), bytes("00")),
      );
    expect(read(of(MAX_TEXT_BYTES))).toBeDefined();
    expect(refusal(() => read(of(MAX_TEXT_BYTES + 1))).message).toBe(
      `Cannot read OPEN: found a text of ${MAX_TEXT_BYTES + 1} bytes, at most ${MAX_TEXT_BYTES} are accepted`,
    );
  });

  test.each([
    { name: "in one string", hex: "00000002 e9 00" },
    { name: "across two strings", hex: "00000004 c3 00 a9 00" },
  ])("FieldReader refuses strings that are not UTF-8 $name", ({ hex }) => {
    expect(refusal(() => reader(hex).strings(9))).toEqual({
      code: "malformed_message",
      message: "Cannot read OPEN: found a text that is not UTF-8",
    });
  });

  test("FieldReader refuses bytes after the last field", () => {
    const fields = reader("01 0203");
    fields.u8();
    expect(refusal(() => fields.end()).message).toBe("Cannot read OPEN: found 2 bytes after its last field");
  });

  test("FieldReader keeps the decoder's own error as the cause", () => {
    let cause: unknown;
    try {
      reader("00000001 ff").text();
    } catch (error) {
      cause = (error as Error).cause;
    }
    expect(cause).toBeInstanceOf(TypeError);
  });
});
