import { describe, expect, test } from "bun:test";
import * as constants from "../../src/protocol/constants.ts";

const { MESSAGE, MAX_PAYLOAD_BYTES } = constants;

describe("MESSAGE", () => {
  test("MESSAGE gives every message its own byte", () => {
    const numbers = Object.values(MESSAGE);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.every((number) => number > 0 && number < 0x100)).toBe(true);
  });

  test("MESSAGE and MAX_PAYLOAD_BYTES have the same names", () => {
    expect(Object.keys(MAX_PAYLOAD_BYTES)).toEqual(Object.keys(MESSAGE));
  });
});

describe("numbered names", () => {
  const { SIGNAL, ERROR, STREAM, EXIT_KIND, HEALTH_STATE } = constants;
  test.each(
    Object.entries({ SIGNAL, ERROR, STREAM, EXIT_KIND, HEALTH_STATE }).map(([name, numbers]) => ({ name, numbers })),
  )("$name has no number twice", ({ numbers }) => {
    const values = Object.values(numbers);
    expect(new Set(values).size).toBe(values.length);
  });

  const { TERMINAL, FEATURE } = constants;
  test.each(Object.entries({ TERMINAL, FEATURE }).map(([name, bits]) => ({ name, bits })))(
    "$name are single, distinct bits",
    ({ bits }) => {
      const values = Object.values(bits);
      expect(values.every((value) => value > 0 && (value & (value - 1)) === 0)).toBe(true);
      expect(new Set(values).size).toBe(values.length);
    },
  );
});

test("MAGIC is CCPS in ASCII", () => {
  expect(constants.MAGIC).toBe(Buffer.from("CCPS").readUInt32BE());
});

test("CLIENT_EXIT keeps to what a shell can tell apart from a signal", () => {
  expect(Object.values(constants.CLIENT_EXIT).every((status) => status > 0 && status < 128)).toBe(true);
});
