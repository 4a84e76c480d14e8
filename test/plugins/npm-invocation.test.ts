import { expect, test } from "bun:test";
import * as fc from "fast-check";

import { readNpmArguments } from "../../plugins/npm/grammar.ts";
import { readNpmInvocation } from "../../plugins/npm/invocation.ts";
import { canonicalArguments } from "../../src/policy/canonical.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { parseConfig } from "../../src/policy/load.ts";
import { readingText } from "./reading-text.ts";

const LINES = [
  { line: "install", reading: "install" },
  { line: "i lodash", reading: "install <lodash>" },
  { line: "add -D lodash left-pad@1", reading: "install --save-dev <lodash> <left-pad@1>" },
  { line: "install lodash --save-dev", reading: "install --save-dev <lodash>" },
  { line: "publish --tag next", reading: "publish --tag=next" },
  { line: "--tag next pu", reading: "publish --tag=next" },
  { line: "publish --tag=next --dry-run", reading: "publish --tag=next --dry-run" },
  { line: "publish --no-dry-run", reading: "publish --no-dry-run" },
  { line: "publish --dry-run=false", reading: "publish --no-dry-run" },
  { line: "publish --dry-run false", reading: "publish --no-dry-run" },
  { line: "publish --dry-run true", reading: "publish --dry-run" },
  { line: "publish --dry-run ./folder", reading: "publish --dry-run <./folder>" },
  { line: "publish -- --dry-run", reading: "publish <--dry-run>" },
  { line: "-g ls", reading: "ls --global" },
  { line: "run build -- --watch", reading: "run <build> <--watch>" },
  { line: "dist-tag add a@1 latest", reading: "dist-tag add <a@1> <latest>" },
  { line: "config set registry x", reading: "config set <registry> <x>" },
  { line: "publish --unknown x", reading: "publish ? arguments options targets (--unknown)" },
  { line: "--unknown publish", reading: "? command (--unknown)" },
  { line: "publish --help", reading: "help <publish>" },
  { line: "--version", reading: "no command --version" },
];

test.each(LINES)("npm $line", ({ line, reading }) => {
  expect(readingText(readNpmInvocation(line.split(" ")))).toBe(reading);
});

test.each(LINES)("npm $line, normalised, reads as before", ({ line }) => {
  const reading = readNpmInvocation(line.split(" "));
  const once = canonicalArguments(reading);
  if (once !== undefined) {
    expect(readNpmInvocation(once)).toEqual(reading);
  }
});

test("readNpmInvocation is total, deterministic, and finds the command that readNpmArguments finds", () => {
  const word = fc.constantFrom(
    "publish",
    "pu",
    "-D",
    "--tag",
    "next",
    "--dry-run",
    "false",
    "--",
    "--no-save",
    "-gf",
    "--what",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ unit: "binary" }))), (args) => {
      const { rest: _rest, ...reading } = { rest: undefined, ...readNpmInvocation(args) };
      expect<object>(reading).toEqual(readNpmArguments(args));
      expect(readNpmInvocation(args)).toEqual(readNpmInvocation(args));
    }),
  );
});

test("every spelling of one npm publish gets the same decision", () => {
  const config = parseConfig(
    `plugin: npm
rules:
  - { id: try, match: { command: publish, options: --dry-run }, decision: allow }
  - { id: next, match: { command: publish, options: --tag=next, not: { options: --access=public } }, decision: ask }
  - { id: no, match: { command: publish }, decision: deny }
`,
    "npm.yaml",
  );
  const spellings: readonly (readonly (readonly string[])[])[] = [
    [["--dry-run"], ["--dry-run", "true"], ["--dry-run=true"], ["--dry"]],
    [["--tag=next"], ["--tag", "next"]],
    [["--access=public"], ["--access", "public"], ["--acces", "public"]],
    [["--ignore-scripts"], ["--ignore-scripts=true"], ["--no-no-ignore-scripts"]],
  ];
  const decide = (args: readonly string[]): string => {
    const { effect, rule } = evaluate(config, readNpmInvocation, { args, cwd: "/w" }, ["/w"]);
    return `${effect} ${rule}`;
  };
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(3)),
      fc.infiniteStream(fc.nat(99)),
      fc.constantFrom("publish", "pu", "publ"),
      (chosen, picks, command) => {
        const pick = (): number => picks.next().value ?? 0;
        const plain = ["publish", ...chosen.flatMap((index) => spellings[index]?.[0] ?? [])];
        const spelt = chosen.map((index) => spellings[index]?.[pick() % (spellings[index]?.length ?? 1)] ?? []);
        const at = pick() % (spelt.length + 1);
        const args = [...spelt.slice(0, at).flat(), command, ...spelt.slice(at).flat()];
        const decision = decide(args);
        // An option of which not every release knows the short form is unclear, and so never allows more.
        expect(`${args.join(" ")}: ${decision}`).toBe(
          `${args.join(" ")}: ${decision.endsWith("unclear") ? "deny unclear" : decide(plain)}`,
        );
      },
    ),
    { numRuns: 1000 },
  );
});
