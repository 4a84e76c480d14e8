import { expect, test } from "bun:test";
import { Slots } from "../../src/runtime/slots.ts";

const never = new AbortController().signal;
const LONG_MS = 60_000;

test("Slots gives out as many as there are, and no more at once", () => {
  const slots = new Slots(2, 0, LONG_MS);
  expect([slots.tryTake(), slots.tryTake(), slots.tryTake()]).toEqual([true, true, false]);
  expect({ held: slots.held, waiting: slots.waiting }).toEqual({ held: 2, waiting: 0 });
});

test("a slot that is given back can be taken again", async () => {
  const slots = new Slots(1, 1, LONG_MS);
  expect(await slots.take(never)).toBe(true);
  slots.release();
  expect(slots.held).toBe(0);
  expect(slots.tryTake()).toBe(true);
});

test("who waits is served in order, and no newcomer gets in between", async () => {
  const slots = new Slots(1, 3, LONG_MS);
  slots.tryTake();
  const order: string[] = [];
  const wait = async (name: string): Promise<void> => {
    expect(await slots.take(never)).toBe(true);
    order.push(name);
  };
  const all = [wait("first"), wait("second"), wait("third")];
  expect(slots.waiting).toBe(3);
  slots.release();
  expect(slots.tryTake()).toBe(false);
  await all[0];
  slots.release();
  await all[1];
  slots.release();
  await all[2];
  expect(order).toEqual(["first", "second", "third"]);
  expect(slots.held).toBe(1);
});

test("a full queue refuses at once", async () => {
  const slots = new Slots(1, 1, LONG_MS);
  slots.tryTake();
  const waiting = slots.take(never);
  expect(await slots.take(never)).toBe(false);
  slots.release();
  expect(await waiting).toBe(true);
});

test("a wait that is too long ends without a slot, and leaves its place", async () => {
  const slots = new Slots(1, 1, 20);
  slots.tryTake();
  expect(await slots.take(never)).toBe(false);
  expect(slots.waiting).toBe(0);
  slots.release();
  expect(slots.held).toBe(0);
});

test("who gives up leaves the queue to the others", async () => {
  const slots = new Slots(1, 1, LONG_MS);
  slots.tryTake();
  const patience = new AbortController();
  const given = slots.take(patience.signal);
  patience.abort();
  expect(await given).toBe(false);
  const next = slots.take(never);
  slots.release();
  expect(await next).toBe(true);
});

test("who gave up before asking gets a free slot, but does not wait", async () => {
  const slots = new Slots(1, 1, LONG_MS);
  expect(await slots.take(AbortSignal.abort())).toBe(true);
  expect(await slots.take(AbortSignal.abort())).toBe(false);
  expect(slots.waiting).toBe(0);
});

test("a slot that was granted in the moment of giving up is not lost", async () => {
  const slots = new Slots(1, 1, LONG_MS);
  slots.tryTake();
  const patience = new AbortController();
  const granted = slots.take(patience.signal);
  slots.release();
  patience.abort();
  expect(await granted).toBe(true);
  expect(slots.held).toBe(1);
});
