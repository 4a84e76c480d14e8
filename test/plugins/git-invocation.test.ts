import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { readFileSync } from "node:fs";

import { readGitArguments } from "../../plugins/git/grammar.ts";
import { readGitInvocation } from "../../plugins/git/invocation.ts";
import { canonicalArguments } from "../../src/policy/canonical.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { parseConfig } from "../../src/policy/load.ts";
import { readingText } from "./reading-text.ts";

setDefaultTimeout(60_000);

const lines = readFileSync(`${import.meta.dir}/git-readings.txt`, "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" => ") as [string, string]);

test("the table of readings has at least 150 lines, each once", () => {
  expect(lines.length).toBeGreaterThanOrEqual(150);
  expect(new Set(lines.map(([line]) => line)).size).toBe(lines.length);
});

test.each(lines)("git %s", (line, reading) => {
  expect(readingText(readGitInvocation(line.split(" ")))).toBe(reading);
});

test.each(lines)("git %s, normalised, reads as before", (line) => {
  const reading = readGitInvocation(line.split(" "));
  const once = canonicalArguments(reading);
  if (once !== undefined) {
    const again = readGitInvocation(once);
    expect(again).toEqual(reading);
    expect(canonicalArguments(again)).toEqual(once);
  }
});

test("readGitInvocation is total, deterministic, and finds the command that readGitArguments finds", () => {
  const words = [...new Set(lines.flatMap(([line]) => line.split(" ")))];
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: "binary" }))), (args) => {
      const reading = readGitInvocation(args);
      expect(readGitInvocation(args)).toEqual(reading);
      const plain = readGitArguments(args);
      expect(reading.kind).toBe(plain.kind);
    }),
    { numRuns: 1000 },
  );
});

/** Ways to write one option of git push; the first is the whole one. */
const SPELLINGS: readonly (readonly (readonly string[])[])[] = [
  [["--force"], ["-f"]],
  [["--set-upstream"], ["-u"], ["--set-up"], ["--se"]],
  [["--dry-run"], ["-n"], ["--dry"]],
  [["--delete"], ["-d"], ["--del"]],
  [["--quiet"], ["-q"], ["--quie"]],
  [["--atomic"], ["--ato"]],
  [["--no-verify"], ["--no-verif"]],
  [["--push-option=ci.skip"], ["--push-option", "ci.skip"], ["-o", "ci.skip"], ["-oci.skip"], ["--push-o=ci.skip"]],
  [["--receive-pack=/x"], ["--receive-pack", "/x"], ["--exec=/x"], ["--exe", "/x"], ["--rece=/x"]],
];

const RULES = parseConfig(
  `plugin: git
default: ask
rules:
  - { id: dry, match: { command: push, options: -n }, decision: allow }
  - { id: program, match: { command: push, options: --receive-pack }, decision: deny }
  - { id: force, match: { command: push, options: -f, not: { every_target: "agent/*" } }, decision: deny }
  - { id: delete, match: { command: push, options: [--delete, "--push-option=*.skip"] }, decision: deny }
  - { id: agent, match: { command: push, every_target: "agent/*" }, decision: allow }
`,
  "git.yaml",
);

test("every spelling of one git push gets the same decision", () => {
  const option = fc.nat(SPELLINGS.length - 1);
  const branch = fc.constantFrom("main", "agent/x", "agent/y");
  fc.assert(
    fc.property(
      fc.uniqueArray(option),
      fc.array(branch, { maxLength: 2 }),
      fc.infiniteStream(fc.nat(99)),
      (chosen, branches, picks) => {
        const pick = (): number => picks.next().value ?? 0;
        const plain = ["push", ...chosen.flatMap((index) => SPELLINGS[index]?.[0] ?? []), "--", "origin", ...branches];
        const options = chosen
          .map((index) => SPELLINGS[index]?.[pick() % (SPELLINGS[index]?.length ?? 1)] ?? [])
          .map((words) => ({ words, at: pick() }))
          .toSorted((a, b) => a.at - b.at);
        const spelt = branches.map((name) => [name, `${name}:${name}`, `HEAD:refs/heads/${name}`][pick() % 3] ?? "");
        const words = ["origin", ...spelt];
        const split = pick() % 2 === 0 ? 0 : options.length;
        const args = [
          ...([[], ["--no-pager"], ["-c", "color.ui=never"], ["-C", ".", "-C", "."]][pick() % 4] ?? []),
          "push",
          ...options.slice(0, split).flatMap((item) => item.words),
          ...words,
          ...options.slice(split).flatMap((item) => item.words),
        ];
        const decide = (line: readonly string[]): string => {
          const { effect, rule } = evaluate(RULES, readGitInvocation, { args: line, cwd: "/w" }, ["/w"]);
          return `${effect} ${rule}`;
        };
        expect(`${args.join(" ")}: ${decide(args)}`).toBe(`${args.join(" ")}: ${decide(plain)}`);
      },
    ),
    { numRuns: 2000 },
  );
});

describe("flags in one cluster are flags one by one", () => {
  const letters = ["f", "u", "n", "d", "q", "v", "4", "6"];
  test("git push", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...letters), { minLength: 1 }), (flags) => {
        const glued = readGitInvocation(["push", `-${flags.join("")}`, "origin", "x"]);
        expect(glued).toEqual(readGitInvocation(["push", ...flags.map((flag) => `-${flag}`), "origin", "x"]));
      }),
    );
  });
});
