import { expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";

import { asciiLine, exactLine } from "../../src/policy/exact-line.ts";

setDefaultTimeout(20_000);

/** What bash makes of the line. */
function readBack(line: string): string[] {
  const script = `words=(${line}); printf '%s\\0' "\${words[@]}"`;
  const { stdout } = Bun.spawnSync(["bash", "-c", script], { env: { LC_ALL: "C.UTF-8", HOME: "/root" } });
  return stdout.toString().split("\0").slice(0, -1);
}

const HARD = [
  "",
  "a b",
  "a   b",
  "~",
  "x=~",
  "it's",
  "\\",
  "\\'",
  "\n",
  "\t",
  "\\x0a",
  "\u001b[2J",
  "$(id)",
  "`id`",
  "*",
  "\u00a0x",
  "\u2800",
];

test("exactLine() is read back by bash as the same words, whatever they are", () => {
  expect(readBack(exactLine("git", HARD))).toEqual(["git", ...HARD]);
  const word = fc.string({
    unit: fc.oneof(fc.constantFrom(...HARD.join("").split("")), fc.string({ unit: "binary", size: "small" })),
  });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 80 }), (args) => {
      const given = args.map((arg) => arg.replaceAll("\0", "").toWellFormed());
      expect(readBack(exactLine("git", given))).toEqual(["git", ...given]);
    }),
    // A bash for each.
    { numRuns: 12 },
  );
});

test("exactLine() tells the lines of a script apart, and a word's own backslash from them", () => {
  expect(exactLine("sh", ["-c", "cd x\n\trm y\n"])).toBe(String.raw`sh -c $'cd x\n\trm y\n'`);
  expect(exactLine("echo", ["\\n\n"])).toBe(String.raw`echo $'\\n\n'`);
});

test("nothing in exactLine() is a control character, a second space in a row, or a blank of another kind", () => {
  const line = exactLine("git", [...HARD, "\u202e", "a\u{e0041}b", "\ufe0f"]);
  expect(line).not.toMatch(/\p{Cc}|\p{Cf}|\u2800|\p{Default_Ignorable_Code_Point}|(?! )\p{Zs}| {2}/u);
  expect(line).toContain(String.raw`$'a \x20\x20b'`);
});

test("asciiLine() is there only where a line has other characters", () => {
  expect(asciiLine("git push")).toBeUndefined();
  expect(asciiLine("git push m\u0430in")).toBe(String.raw`git push m\u0430in`);
});
