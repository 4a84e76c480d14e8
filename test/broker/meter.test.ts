import { expect, test } from "bun:test";

import { metered, TooLarge } from "../../src/broker/meter.ts";

/** A stream of so many chunks of a byte, and what was asked of it. */
function bytes(count: number): { readonly stream: ReadableStream<Uint8Array>; readonly pulled: () => number } {
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (pulled++ < count) {
          controller.enqueue(new Uint8Array(1));
        } else {
          controller.close();
        }
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulled: () => pulled };
}

test("metered() lets exactly as many bytes through as allowed, and ends with an error at one more", async () => {
  for (const { count, error } of [
    { count: 3, error: undefined },
    { count: 4, error: TooLarge },
  ]) {
    let moved = 0;
    const ends: (Error | undefined)[] = [];
    const options = { maxBytes: 3, moved: (more: number) => (moved += more), ended: (end?: Error) => ends.push(end) };
    const read = metered(bytes(count).stream, options).bytes();
    if (error === undefined) {
      expect(await read).toHaveLength(3);
      expect(ends).toEqual([undefined]);
    } else {
      expect(await read.catch((thrown: unknown) => thrown)).toBeInstanceOf(error);
      expect(ends).toEqual([expect.any(error)]);
    }
    expect(moved).toBe(3);
  }
});

test("metered() reads nothing before somebody wants it, and tells once that its reader has gone", async () => {
  const { stream, pulled } = bytes(9);
  const ends: (Error | undefined)[] = [];
  const reader = metered(stream, { maxBytes: 9, moved: () => {}, ended: (end) => ends.push(end) }).getReader();
  await Bun.sleep(0);
  expect(pulled()).toBe(0);
  await reader.read();
  expect(pulled()).toBe(1);
  await reader.cancel();
  expect(ends).toEqual([new Error("the reader has gone")]);
});
