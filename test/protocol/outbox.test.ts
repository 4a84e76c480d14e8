import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Outbox } from "../../src/protocol/outbox.ts";
import type { Sink } from "../../src/protocol/outbox.ts";
import { bytes, concat } from "./bytes.ts";

/** Takes as many bytes as its script says, call by call; −1 is a socket that is gone. After the script it takes everything. */
class ScriptedSink implements Sink {
  readonly #script: number[];
  readonly taken: Uint8Array[] = [];
  calls = 0;

  constructor(...script: number[]) {
    this.#script = script;
  }

  write(data: Uint8Array, offset: number, length: number): number {
    this.calls += 1;
    const count = Math.min(this.#script.shift() ?? length, length);
    if (count > 0) {
      this.taken.push(data.slice(offset, offset + count));
    }
    return count;
  }

  get text(): string {
    return Buffer.from(concat(...this.taken)).toString();
  }
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("Outbox", () => {
  test("Outbox writes at once what the sink takes", () => {
    const sink = new ScriptedSink();
    const outbox = new Outbox(sink);
    outbox.send(text("abc"));
    expect([sink.text, outbox.pendingBytes]).toEqual(["abc", 0]);
  });

  test("Outbox keeps what the sink does not take, and its order", () => {
    const sink = new ScriptedSink(2, 0, 3);
    const outbox = new Outbox(sink);
    outbox.send(text("abc"));
    outbox.send(text("def"));
    expect([sink.text, outbox.pendingBytes, sink.calls]).toEqual(["ab", 4, 1]);
    expect(outbox.flush()).toBe(false);
    expect([sink.text, outbox.pendingBytes]).toEqual(["ab", 4]);
    expect(outbox.flush()).toBe(true);
    expect([sink.text, outbox.pendingBytes]).toEqual(["abcdef", 0]);
  });

  test("Outbox does not write past what is pending", () => {
    const sink = new ScriptedSink(0);
    const outbox = new Outbox(sink);
    outbox.send(text("first"));
    outbox.send(text("second"));
    expect(sink.calls).toBe(1);
  });

  test("Outbox stops at the first short write of a flush", () => {
    const sink = new ScriptedSink(0, 1);
    const outbox = new Outbox(sink);
    outbox.send(text("ab"));
    outbox.send(text("cd"));
    expect(outbox.flush()).toBe(false);
    expect([sink.text, outbox.pendingBytes, sink.calls]).toEqual(["a", 3, 2]);
  });

  test("Outbox writes directly again once everything has gone", () => {
    const sink = new ScriptedSink(1);
    const outbox = new Outbox(sink);
    outbox.send(text("ab"));
    outbox.flush();
    outbox.send(text("cd"));
    expect([sink.text, outbox.pendingBytes]).toEqual(["abcd", 0]);
  });

  test("Outbox with nothing to send is flushed", () => {
    const sink = new ScriptedSink();
    expect(new Outbox(sink).flush()).toBe(true);
    expect(sink.calls).toBe(0);
  });

  test("Outbox takes an empty buffer and keeps nothing of it", () => {
    const outbox = new Outbox(new ScriptedSink());
    outbox.send(new Uint8Array(0));
    expect(outbox.pendingBytes).toBe(0);
  });

  test("Outbox keeps nothing when the sink is gone at the first write, and does not ask it again", () => {
    const sink = new ScriptedSink(-1);
    const outbox = new Outbox(sink);
    outbox.send(text("abc"));
    outbox.send(text("def"));
    expect([outbox.pendingBytes, sink.calls, sink.text]).toEqual([0, 1, ""]);
    expect(outbox.flush()).toBe(true);
  });

  test("Outbox lets go of what is pending when the sink is gone at a flush", () => {
    const sink = new ScriptedSink(1, -1);
    const outbox = new Outbox(sink);
    outbox.send(text("abc"));
    outbox.send(text("def"));
    expect(outbox.flush()).toBe(true);
    outbox.send(text("ghi"));
    expect([outbox.pendingBytes, sink.calls, sink.text]).toEqual([0, 2, "a"]);
  });

  test("Outbox sends every byte once and in order, however the sink takes them", () => {
    const sends = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        sends,
        fc.array(fc.nat(20), { maxLength: 60 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
        (chunks, script, flushes) => {
          const sink = new ScriptedSink(...script);
          const outbox = new Outbox(sink);
          chunks.forEach((chunk, index) => {
            outbox.send(chunk);
            if (flushes[index % flushes.length] === true) {
              outbox.flush();
            }
            const sent = sink.taken.reduce((sum, { length }) => sum + length, 0);
            const given = chunks.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0);
            expect(outbox.pendingBytes).toBe(given - sent);
          });
          // Each call uses up one item of the script, and after the script the sink takes everything.
          for (let left = script.length; left >= 0; left -= 1) {
            outbox.flush();
          }
          expect(concat(...sink.taken)).toEqual(concat(...chunks));
        },
      ),
      { numRuns: 300 },
    );
  });
});

test("ScriptedSink is what a test reads: bytes in the order taken", () => {
  const sink = new ScriptedSink(1);
  expect([sink.write(bytes("0102"), 0, 2), sink.write(bytes("0102"), 1, 1)]).toEqual([1, 1]);
  expect(sink.taken).toEqual([bytes("01"), bytes("02")]);
});
