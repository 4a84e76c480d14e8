import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MAX_DATA_BYTES, MAX_OPEN_BYTES, MAX_PAYLOAD_BYTES, MESSAGE } from "../../src/protocol/constants.ts";
import type { MessageName } from "../../src/protocol/constants.ts";
import { FrameDecoder } from "../../src/protocol/decoder.ts";
import { ProtocolError } from "../../src/protocol/errors.ts";
import { encodeFrame } from "../../src/protocol/frame.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { bytes, concat } from "./bytes.ts";
import { refusal } from "./refusal.ts";

const names = Object.keys(MESSAGE) as MessageName[];

/** Everything that comes of a stream in these pieces: its frames, then the error that ended it, if any. */
function decode(chunks: Iterable<Uint8Array>): { frames: Frame[]; error: string | undefined } {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        frames.push(frame);
      }
    }
    decoder.end();
  } catch (error) {
    if (error instanceof ProtocolError) {
      return { frames, error: `${error.code}: ${error.message}` };
    }
    throw error;
  }
  return { frames, error: undefined };
}

function* split(stream: Uint8Array, at: readonly number[]): Generator<Uint8Array> {
  let start = 0;
  for (const end of [...at.map((position) => position % (stream.length + 1)), stream.length].toSorted(
    (a, b) => a - b,
  )) {
    yield stream.slice(start, end);
    start = end;
  }
}

const singles = (stream: Uint8Array): Uint8Array[] => Array.from(stream, (byte) => Uint8Array.of(byte));

describe("FrameDecoder", () => {
  test("FrameDecoder takes several frames out of one chunk", () => {
    expect(decode([bytes('03 00000002 "hi" 04 00000000 07 00000001 01')])).toEqual({
      frames: [
        { name: "STDIN", payload: bytes('"hi"') },
        { name: "STDIN_END", payload: new Uint8Array(0) },
        { name: "SIGNAL", payload: bytes("01") },
      ],
      error: undefined,
    });
  });

  test("FrameDecoder gives nothing for nothing", () => {
    expect(decode([])).toEqual({ frames: [], error: undefined });
    expect(decode([new Uint8Array(0), new Uint8Array(0)])).toEqual({ frames: [], error: undefined });
  });

  test.each(names.map((name) => ({ name, limit: MAX_PAYLOAD_BYTES[name] })))(
    "FrameDecoder takes $name of $limit bytes whole, one byte at a time and in two pieces at each of its borders",
    ({ name, limit }) => {
      const payload = Uint8Array.from({ length: limit }, (_, index) => index % 251);
      const stream = encodeFrame(name, payload);
      for (const chunks of [
        [stream],
        singles(stream),
        split(stream, [4]),
        split(stream, [5]),
        split(stream, [6]),
        split(stream, [stream.length - 1]),
      ]) {
        const { frames, error } = decode(chunks);
        expect(error).toBeUndefined();
        expect(frames).toHaveLength(1);
        expect(frames[0]?.name).toBe(name);
        expect(Buffer.compare(frames[0]?.payload ?? new Uint8Array(0), payload)).toBe(0);
      }
    },
  );

  test("FrameDecoder refuses a length above the limit on the fifth byte, without awaiting a payload", () => {
    const decoder = new FrameDecoder();
    for (const byte of bytes("02 001000")) {
      decoder.push(Uint8Array.of(byte));
      expect(decoder.next()).toBeUndefined();
    }
    decoder.push(Uint8Array.of(1));
    expect(refusal(() => decoder.next())).toEqual({
      code: "message_too_long",
      message: `Cannot read OPEN of ${MAX_OPEN_BYTES + 1} bytes: at most ${MAX_OPEN_BYTES} are accepted`,
    });
  });

  test("FrameDecoder gives the frames in front of a bad one", () => {
    expect(decode([bytes("82 00000000 00 00000000")])).toEqual({
      frames: [{ name: "ALLOW", payload: new Uint8Array(0) }],
      error: "unknown_message: Cannot read message type 0x00",
    });
  });

  test.each([
    { name: "in the header", hex: "03 0000" },
    { name: "before the payload", hex: "03 00000002" },
    { name: "in the payload", hex: '03 00000002 "h"' },
    { name: "in the second frame", hex: "04 00000000 03" },
  ])("FrameDecoder refuses a stream that ends $name", ({ hex }) => {
    const error = "malformed_message: Cannot read the last message: the connection ended inside it";
    expect(decode([bytes(hex)]).error).toBe(error);
    expect(decode(singles(bytes(hex))).error).toBe(error);
  });

  test("FrameDecoder does not copy a payload that lies whole in one chunk", () => {
    const decoder = new FrameDecoder();
    const chunk = encodeFrame("STDOUT", new Uint8Array(MAX_DATA_BYTES));
    decoder.push(chunk);
    expect(decoder.next()?.payload.buffer).toBe(chunk.buffer);
  });

  test("FrameDecoder keeps a copy of a partial frame, so that the chunk may be used again", () => {
    const decoder = new FrameDecoder();
    const chunk = bytes('03 00000004 "ab"');
    decoder.push(chunk);
    expect(decoder.next()).toBeUndefined();
    chunk.fill(0);
    decoder.push(bytes('"cd"'));
    expect(decoder.next()).toEqual({ name: "STDIN", payload: bytes('"abcd"') });
  });

  test("FrameDecoder never writes into a payload that it gave away", () => {
    const decoder = new FrameDecoder();
    const frames: Frame[] = [];
    for (const byte of bytes('03 00000002 "ab" 03 00000002 "cd"')) {
      decoder.push(Uint8Array.of(byte));
      const frame = decoder.next();
      if (frame !== undefined) {
        frames.push(frame);
      }
    }
    expect(frames.map(({ payload }) => Buffer.from(payload).toString())).toEqual(["ab", "cd"]);
  });

  test("FrameDecoder makes room for what has arrived and never for what a header declares", () => {
    const started = concat(Uint8Array.of(MESSAGE.OPEN), bytes("00100000"), new Uint8Array(10));
    const decoders = Array.from({ length: 2_000 }, () => new FrameDecoder());
    Bun.gc(true);
    const before = heapStats().extraMemorySize;
    for (const decoder of decoders) {
      decoder.push(started);
      expect(decoder.next()).toBeUndefined();
    }
    Bun.gc(true);
    // By the declared length it would be 2,000 MiB.
    expect(heapStats().extraMemorySize - before).toBeLessThan(8 * 1024 * 1024);
    expect(decoders).toHaveLength(2_000);
  });

  test("FrameDecoder holds at most twice what has arrived of a frame, however small the pieces are", () => {
    const decoder = new FrameDecoder();
    decoder.push(concat(Uint8Array.of(MESSAGE.OPEN), bytes("00100000")));
    expect(decoder.next()).toBeUndefined();
    Bun.gc(true);
    const before = heapStats().extraMemorySize;
    for (let sent = 0; sent < MAX_OPEN_BYTES / 2; sent += 16) {
      decoder.push(new Uint8Array(16));
      expect(decoder.next()).toBeUndefined();
    }
    Bun.gc(true);
    expect(heapStats().extraMemorySize - before).toBeLessThan(2 * MAX_OPEN_BYTES);
  });
});

describe("FrameDecoder, for any input", () => {
  const frame = fc
    .record({ name: fc.constantFrom(...names), payload: fc.uint8Array({ maxLength: 80 }) })
    .map(({ name, payload }) => encodeFrame(name, payload.subarray(0, MAX_PAYLOAD_BYTES[name])));
  const stream = fc
    .tuple(
      fc.array(frame, { maxLength: 8 }),
      fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ maxLength: 12 })),
    )
    .map(([frames, rest]) => concat(...frames, rest));

  test("FrameDecoder gives the same frames and the same error wherever the stream is split", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (whole, at) => {
        expect(decode(split(whole, at))).toEqual(decode([whole]));
        expect(decode(singles(whole))).toEqual(decode([whole]));
      }),
      { numRuns: 500 },
    );
  });

  test("FrameDecoder throws nothing but ProtocolError", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
        decode(chunks);
      }),
      { numRuns: 1_000 },
    );
  });

  test("FrameDecoder gives back what encodeFrame wrote", () => {
    const message = fc.record({ name: fc.constantFrom(...names), payload: fc.uint8Array({ maxLength: 5_000 }) });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
        const frames = messages.map(({ name, payload }) => ({
          name,
          payload: payload.slice(0, MAX_PAYLOAD_BYTES[name]),
        }));
        const wire = concat(...frames.map(({ name, payload }) => encodeFrame(name, payload)));
        expect(decode([wire])).toEqual({ frames, error: undefined });
      }),
    );
  });
});
