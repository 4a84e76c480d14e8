import { expect, test } from "bun:test";
import * as fc from "fast-check";

import { covers, coversMatch } from "../../src/policy/covers.ts";
import { meets } from "../../src/policy/match.ts";
import { matchPattern, type Pattern } from "../../src/policy/pattern.ts";
import { Call } from "../../src/policy/call.ts";
import type { Match } from "../../src/policy/rule.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 4 });
const word = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 6 });
const pattern: fc.Arbitrary<Pattern> = fc.record({ kind: fc.constantFrom("exact", "glob", "prefix"), text });

test("what a pattern is said to cover, it matches", () => {
  fc.assert(
    fc.property(pattern, pattern, fc.array(word, { maxLength: 20 }), (wide, narrow, words) => {
      const own = [...words, narrow.text, `${narrow.text}a`, narrow.text.replaceAll("*", "").replaceAll("?", "b")];
      for (const each of own.filter((one) => covers(wide, narrow) && matchPattern(narrow, one))) {
        expect(matchPattern(wide, each)).toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
});

const place = { file: "x", line: 1, column: 1 };
const few = fc.option(fc.array(pattern, { minLength: 1, maxLength: 2 }), { nil: undefined });
const folder = fc.constantFrom<Pattern>(
  { kind: "exact", text: "/" },
  { kind: "exact", text: "/a" },
  { kind: "exact", text: "/a/b" },
  { kind: "glob", text: "/a*" },
  { kind: "glob", text: "/a/?" },
  { kind: "glob", text: "/*/b" },
);
const match: fc.Arbitrary<Match> = fc.record({
  commands: fc.option(
    pattern.map((one) => [{ words: [one], place }]),
    { nil: undefined },
  ),
  options: fc.option(
    fc.constantFrom("-a", "-b").map((name) => [{ name, value: undefined }]),
    { nil: undefined },
  ),
  arguments: few,
  everyArgument: few,
  folders: fc.option(fc.array(folder, { minLength: 1, maxLength: 2 }), { nil: undefined }),
  variables: fc.option(
    pattern.map((one) => [{ name: "A", values: [one] }]),
    { nil: undefined },
  ),
});
/** With one condition, so that it is often the wider one. */
const wideMatch = fc
  .tuple(match, fc.constantFrom("commands", "options", "arguments", "everyArgument", "folders", "variables"))
  .map(([one, key]): Match => ({ [key]: one[key as keyof Match] }));
const invocation = fc.record({
  args: fc.array(word, { minLength: 1, maxLength: 3 }),
  cwd: fc.constantFrom("/", "/a", "/a/b", "/a/b/c", "/ab", "/a/c/b"),
  env: fc.option(
    word.map((value) => ({ A: value })),
    { nil: {} },
  ),
});

test("a call that meets conditions meets those that are said to cover them", () => {
  let told = 0;
  fc.assert(
    fc.property(wideMatch, match, fc.array(invocation, { minLength: 5, maxLength: 10 }), (wide, narrow, calls) => {
      if (!coversMatch(wide, narrow, (name) => name)) {
        return;
      }
      told += 1;
      for (const each of calls) {
        const call = new Call(([command = "", ...positionals]) => {
          return { kind: "command", command, rest: { options: [{ names: ["-a"] }], positionals } };
        }, each);
        expect(meets(narrow, call) === true && meets(wide, call) !== true).toBe(false);
      }
    }),
    { numRuns: 5000 },
  );
  expect(told).toBeGreaterThan(100);
});
