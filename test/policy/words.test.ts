import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";

import { formatDuration, parseDuration } from "../../src/policy/duration.ts";
import { matchGlob } from "../../src/policy/glob.ts";
import { nearest } from "../../src/policy/nearest.ts";
import { clip, escapeControl } from "../../src/policy/printable.ts";

describe("escapeControl", () => {
  test.each([
    {
      name: "leaves ordinary text of any script alone",
      text: "git push ünïcode 日本 😀 \\n",
      safe: "git push ünïcode 日本 😀 \\n",
    },
    { name: "escapes ESC, newline, NUL and DEL", text: "\u001b[31m\n\0\u007f", safe: "\\x1b[31m\\x0a\\x00\\x7f" },
    { name: "escapes C1 controls", text: "\u009b31m", safe: "\\x9b31m" },
    {
      name: "escapes line separators and overrides",
      text: "\u2028\u202e\u2066\ufeff",
      safe: "\\u2028\\u202e\\u2066\\ufeff",
    },
    { name: "escapes lone surrogates only", text: "\ud800a\udc00😀", safe: "\\ud800a\\udc00😀" },
  ])("$name", ({ text, safe }) => {
    expect(escapeControl(text)).toBe(safe);
  });
});

test("clip keeps both ends of a long text and never exceeds its limit", () => {
  expect(clip("abcdefghij", 10)).toBe("abcdefghij");
  expect(clip("abcdefghijk", 10)).toBe("abcdef…ijk");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 10, max: 50 }), (text, max) => {
      expect(clip(text, max).length).toBeLessThanOrEqual(max);
    }),
  );
});

describe("nearest", () => {
  const keys = ["plugin", "rules", "roots", "blocked_commands", "allowed_commands", "env"];
  test.each([
    { word: "plugn", guess: "plugin" },
    { word: "pulgin", guess: "plugin" },
    { word: "Rules", guess: "rules" },
    { word: "blockedCommands", guess: "blocked_commands" },
    { word: "blocked-command", guess: "blocked_commands" },
    { word: "root", guess: "roots" },
    { word: "limits", guess: undefined },
    { word: "", guess: undefined },
    { word: "p".repeat(100_000), guess: undefined },
  ])("takes $word for $guess", ({ word, guess }) => {
    expect(nearest(word, keys)).toBe(guess as string);
  });
});

describe("matchGlob", () => {
  test.each([
    { pattern: "LANG", text: "LANG", matches: true },
    { pattern: "LANG", text: "LANGUAGE", matches: false },
    { pattern: "LC_*", text: "LC_ALL", matches: true },
    { pattern: "LC_*", text: "LC_", matches: true },
    { pattern: "LC_*", text: "XLC_", matches: false },
    { pattern: "*", text: "", matches: true },
    { pattern: "?", text: "", matches: false },
    { pattern: "A?C", text: "ABC", matches: true },
    { pattern: "*_KEY", text: "A_KEY_KEY", matches: true },
    { pattern: "A.C", text: "ABC", matches: false },
    { pattern: "[A]", text: "A", matches: false },
  ])("$pattern against $text: $matches", ({ pattern, text, matches }) => {
    expect(matchGlob(pattern, text)).toBe(matches);
  });

  test("agrees with the regular expression that says the same", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
    fc.assert(
      fc.property(letters, fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 }), (pattern, text) => {
        const regex = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
        expect(matchGlob(pattern, text)).toBe(regex.test(text));
      }),
    );
  });

  test("takes no exponential time over a pattern made for that", () => {
    expect(matchGlob(`${"*a".repeat(50)}b`, "a".repeat(10_000))).toBe(false);
  });
});

test("durations read back as they were written", () => {
  expect(["0ms", "500ms", "30s", "10m", "2h"].map(parseDuration)).toEqual([0, 500, 30_000, 600_000, 7_200_000]);
  expect(["", "5", "s", "1.5s", "-1s", "1 s", "1d", "1S"].map(parseDuration)).toEqual(Array(8).fill(undefined));
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999 }), (durationMs) => {
      expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
    }),
  );
});
