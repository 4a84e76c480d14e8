import { describe, expect, test } from "bun:test";

import { interleave, orderOf } from "../../scripts/bench/interleave.ts";
import { ratioRow } from "../../scripts/bench/report.ts";
import { median, medians, percentile, summarize, uncertainty } from "../../scripts/bench/stats.ts";
import { table } from "../../scripts/bench/table.ts";

describe("statistics", () => {
  test.each([
    { values: [7], fraction: 0.99, expected: 7 },
    { values: [3, 1, 2], fraction: 0.5, expected: 2 },
    { values: [4, 1, 3, 2], fraction: 0.5, expected: 2.5 },
    // As numbers, not as text.
    { values: [10, 9, 100], fraction: 0.5, expected: 10 },
    { values: [0, 10], fraction: 0.25, expected: 2.5 },
    { values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], fraction: 0.1, expected: 2 },
    { values: [1, 2, 3, 4, 5], fraction: 0, expected: 1 },
    { values: [1, 2, 3, 4, 5], fraction: 1, expected: 5 },
  ])("percentile $fraction of $values is $expected", ({ values, fraction, expected }) => {
    expect(percentile(values, fraction)).toBe(expected);
  });

  test("percentile() refuses no values", () => {
    expect(() => median([])).toThrow(new RangeError("Cannot take percentile 0.5 of 0 values"));
  });

  test("percentile() leaves the order of its values alone", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test("summarize() gives count, median and the outer percentiles", () => {
    const values = Array.from({ length: 101 }, (_, index) => 100 - index);
    expect(summarize(values)).toEqual({ count: 101, median: 50, p10: 10, p90: 90, p99: 99 });
  });

  test("medians() keeps the names", () => {
    expect(medians({ a: [1, 2, 9], b: [4, 6] })).toEqual({ a: 2, b: 5 });
  });

  test("uncertainty() is nothing where every round gave the same", () => {
    expect(uncertainty({ a: [6, 6, 6], b: [3, 3, 3] }, ({ a, b }) => a / b)).toEqual([2, 2]);
  });

  test("uncertainty() draws the same rounds of all", () => {
    // Every round has the ratio 2, though no two rounds are alike: drawn apart, they would not.
    const figure = uncertainty({ a: [2, 20, 200], b: [1, 10, 100] }, ({ a, b }) => a / b);
    expect(figure).toEqual([2, 2]);
  });

  test("uncertainty() spans what the drawn rounds give", () => {
    // Round 0 in the first rerun, round 1 in the second, and so on: half of the figures are 1, half are 3.
    let drawn = 0;
    const random = (): number => (Math.floor(drawn++ / 2) % 2 === 0 ? 0 : 0.5);
    expect(uncertainty({ a: [1, 3] }, ({ a }) => a, random)).toEqual([1, 3]);
  });
});

describe("interleaving", () => {
  test("orderOf() goes through all six orders of three", () => {
    const orders = Array.from({ length: 7 }, (_, round) => orderOf(["A", "B", "C"], round).join(""));
    expect(orders).toEqual(["ABC", "BCA", "CAB", "CBA", "ACB", "BAC", "ABC"]);
  });

  test("interleave() measures all in each round, and drops what was warmup", async () => {
    const order: string[] = [];
    const measure = (name: string) => () => order.push(name);
    const samples = await interleave({ A: measure("A"), B: measure("B") }, { rounds: 2, warmup: 1 });
    expect(order.join("")).toBe("ABBABA");
    expect(samples).toEqual({ A: [4, 6], B: [3, 5] });
  });
});

describe("table", () => {
  test.each([
    { a: 100.4, isMet: true },
    { a: 100.6, isMet: false },
  ])("ratioRow() holds $a : 100 against 1 as it prints it", ({ a, isMet }) => {
    const samples = { a: [a], b: [100] };
    const row = ratioRow({ what: "", measured: "", samples, ratio: (ms) => ms.a / ms.b, target: { atMost: 1 } });
    expect(row.isMet).toBe(isMet);
  });

  test("table() is Markdown in columns, and a pipe in a cell does not end it", () => {
    const rows = [
      { what: "`true`", measured: "5 ms; 2 ms", result: "2.50 ×", target: "≤ 1.25 ×", isMet: false },
      { what: "`a | b`", measured: "1", result: "+ 3 MiB", target: "≤ + 20 MiB", isMet: true },
    ];
    expect(table(rows)).toBe(
      [
        "| what     | measured   | result  | must reach |        |",
        "|----------|------------|---------|------------|--------|",
        "| `true`   | 5 ms; 2 ms | 2.50 ×  | ≤ 1.25 ×   | missed |",
        "| `a \\| b` | 1          | + 3 MiB | ≤ + 20 MiB | met    |",
      ].join("\n"),
    );
  });

  test.each([
    { target: { atMost: 2 }, text: "≤ 2.00 ×", isMet: true },
    { target: { atMost: 1.99 }, text: "≤ 1.99 ×", isMet: false },
    { target: { atLeast: 2 }, text: "≥ 2.00 ×", isMet: true },
    { target: { atLeast: 2.01 }, text: "≥ 2.01 ×", isMet: false },
  ])("ratioRow() holds 2 against $text", ({ target, text, isMet }) => {
    const samples = { a: [4, 4, 4], b: [2, 2, 2] };
    expect(ratioRow({ what: "a", measured: "4; 2", samples, ratio: ({ a, b }) => a / b, target })).toEqual({
      what: "a",
      measured: "4; 2",
      result: "2.00 × (2.00–2.00)",
      target: text,
      isMet,
    });
  });
});
