import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { readFileSync } from "node:fs";

import { readNpmArguments } from "../../plugins/npm/grammar.ts";
import { readNpmInvocation } from "../../plugins/npm/invocation.ts";
import { packagesOf } from "../../plugins/npm/package-spec.ts";
import { canonicalArguments } from "../../src/policy/canonical.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { parseConfig } from "../../src/policy/load.ts";
import { readingText } from "./reading-text.ts";

setDefaultTimeout(60_000);

const lines = readFileSync(`${import.meta.dir}/npm-readings.txt`, "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" => ") as [string, string]);

test("the table of readings has at least 350 lines, each once", () => {
  expect(lines.length).toBeGreaterThanOrEqual(350);
  expect(new Set(lines.map(([line]) => line)).size).toBe(lines.length);
});

test.each(lines)("npm %s", (line, reading) => {
  expect(readingText(readNpmInvocation(line.split(" ")))).toBe(reading);
});

test.each(lines)("npm %s, normalised, reads as before", (line) => {
  const reading = readNpmInvocation(line.split(" "));
  const once = canonicalArguments(reading);
  if (once !== undefined) {
    expect(readNpmInvocation(once)).toEqual(reading);
  }
});

describe("a package argument names", () => {
  test.each([
    { spec: "lodash", packages: ["lodash"] },
    { spec: "lodash@4", packages: ["lodash"] },
    { spec: "lodash@^4 || 5", packages: ["lodash"] },
    { spec: "@acme/a", packages: ["@acme/a"] },
    { spec: "@acme/a@latest", packages: ["@acme/a"] },
    { spec: "a@npm:lodash@4", packages: ["a", "lodash"] },
    { spec: "a@NPM:@acme/b", packages: ["a", "@acme/b"] },
    { spec: "npm:lodash@4", packages: ["lodash"] },
    { spec: "a@npm:b@npm:c", packages: ["a", "b"] },
    { spec: "a@https://example.com/a.tgz", packages: ["a", "https://example.com/a.tgz"] },
    { spec: "a@./b", packages: ["a", "./b"] },
    { spec: "a@b.tgz", packages: ["a", "b.tgz"] },
    { spec: "acme/a", packages: ["acme/a"] },
    { spec: "git@example.com:acme/a.git", packages: ["git@example.com:acme/a.git"] },
    { spec: ".", packages: ["."] },
    { spec: "~/a", packages: ["~/a"] },
    { spec: "", packages: [""] },
  ])("$packages in $spec", ({ spec, packages }) => {
    expect(packagesOf(spec)).toEqual([...packages]);
  });
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

describe("what releases of npm read differently is refused when a rule depends on it", () => {
  const config = parseConfig(
    `plugin: npm
rules:
  - { id: signed, match: { command: publish, options: --provenance }, decision: deny }
  - { id: owners, match: { command: owner add }, decision: deny }
  - { id: packages, match: { command: install, not: { every_target: "@acme/*" } }, decision: deny }
`,
    "npm.yaml",
  );
  test.each([
    { line: "publish --provenance", answer: "deny signed" },
    { line: "publish --proven", answer: "deny unclear" },
    { line: "publish --proven --dry-run", answer: "deny unclear" },
    { line: "publish --dry-ru", answer: "allow default" },
    { line: "owner add mallory left-pad", answer: "deny owners" },
    { line: "owner rm mallory left-pad", answer: "allow default" },
    { line: "owner --unknown add mallory left-pad", answer: "deny unclear" },
    { line: "owner rm --unknown", answer: "allow default" },
    { line: "install @acme/a@1 @acme/b", answer: "allow default" },
    { line: "i @acme/a left-pad", answer: "deny packages" },
    { line: "i @acme/a@npm:left-pad", answer: "deny packages" },
    { line: "i @acme/a@https://x.example/a.tgz", answer: "deny packages" },
    { line: "install", answer: "deny unclear" },
    { line: "install ./a", answer: "deny packages" },
    { line: "ls --unknown", answer: "allow default" },
  ])("npm $line: $answer", ({ line, answer }) => {
    const { effect, rule } = evaluate(config, readNpmInvocation, { args: line.split(" "), cwd: "/w" }, ["/w"]);
    expect(`${effect} ${rule}`).toBe(answer);
  });
});
