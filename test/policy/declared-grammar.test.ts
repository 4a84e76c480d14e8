import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";

import { canonicalArguments } from "../../src/policy/canonical.ts";
import { declaredGrammar } from "../../src/policy/declared-grammar.ts";
import { parseConfig } from "../../src/policy/load.ts";
import type { Grammar } from "../../src/policy/reading.ts";
import { readingText } from "../plugins/reading-text.ts";

const KUBECTL = grammarOf(`
  options_with_value: ["--namespace,-n", --context, "--filename,-f"]
  options_with_optional_value: [--dry-run]
  flags: ["--verbose,-v", "--all-namespaces,-A", --force]
  subcommands: [config, rollout]
  aliases: { rm: delete }
`);
const JQ = grammarOf(`
  commands: false
  flags: ["--raw-output,-r", "-c", "-n"]
  options_with_value: [--indent]
`);
const SHORT = grammarOf("\n  flags: [--force, --format]\n  options_with_value: [--file]\n  abbreviations: true");

describe("a grammar from a config", () => {
  test.each([
    { line: "", reading: "no command" },
    { line: "get pods", reading: "get <pods>" },
    { line: "-n prod get pods", reading: "get --namespace=prod <pods>" },
    { line: "-nprod get pods", reading: "get --namespace=prod <pods>" },
    { line: "--namespace=prod get pods", reading: "get --namespace=prod <pods>" },
    { line: "--namespace prod get pods", reading: "get --namespace=prod <pods>" },
    { line: "get -n prod pods", reading: "get --namespace=prod <pods>" },
    { line: "get pods -n", reading: "get <pods> ? arguments options targets (-n)" },
    { line: "-vA get", reading: "get --verbose --all-namespaces" },
    { line: "-vnprod get", reading: "get --verbose --namespace=prod" },
    { line: "-vx get", reading: "? command (-vx)" },
    { line: "--unknown get", reading: "? command (--unknown)" },
    { line: "--unknown=x get", reading: "? command (--unknown=x)" },
    { line: "get --unknown pods", reading: "get <pods> ? arguments options targets (--unknown)" },
    { line: "--unknown", reading: "? command (--unknown)" },
    { line: "--force=yes get", reading: "? command (--force=yes)" },
    { line: "--dry-run get", reading: "get --dry-run" },
    { line: "--dry-run=client get", reading: "get --dry-run=client" },
    { line: "--forc get", reading: "? command (--forc)" },
    { line: "rm pod x", reading: "delete <pod> <x>" },
    { line: "config set-context x", reading: "config set-context <x>" },
    { line: "config -v view", reading: "config view --verbose" },
    { line: "config --unknown view", reading: "config <view> ? arguments options targets (--unknown)" },
    { line: "exec pod -- rm -rf", reading: "exec <pod> <rm> <-rf>" },
    { line: "-- get", reading: "get" },
  ])("kubectl $line", ({ line, reading }) => {
    expect(readingText(KUBECTL(words(line)))).toBe(reading);
  });

  test.each([
    { line: "-r .a file", reading: "no command --raw-output <.a> <file>" },
    { line: "-rc .a", reading: "no command --raw-output -c <.a>" },
    { line: "--indent 2 .", reading: "no command --indent=2 <.>" },
    { line: "--arg a b .", reading: "no command <a> <b> <.> ? arguments options targets (--arg)" },
  ])("jq $line", ({ line, reading }) => {
    expect(readingText(JQ(words(line)))).toBe(reading);
  });

  test.each([
    { line: "--forc x", reading: "x --force" },
    { line: "--fo x", reading: "? command (--fo)" },
    { line: "--fi a x", reading: "x --file=a" },
    { line: "--no-force x", reading: "? command (--no-force)" },
  ])("with abbreviations: $line", ({ line, reading }) => {
    expect(readingText(SHORT(words(line)))).toBe(reading);
  });

  test("is total, and gives the same answer for the same arguments", () => {
    const word = fc.constantFrom("-n", "-v", "--", "-", "get", "config", "--force", "--dry-run=", "--namespace");
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ unit: "binary" }))), (args) => {
        expect(KUBECTL(args)).toEqual(KUBECTL(args));
      }),
    );
  });
});

test("arguments that a declared grammar reads are the same normalised twice as once", () => {
  const word = fc.constantFrom(
    ..."get rm config view pod - -- -n -vA -nprod --namespace=prod --namespace prod --force --forc --dry-run -r -c".split(
      " ",
    ),
    ..."--dry-run=client --indent 2 --file=x --fi a .a --raw-output -x".split(" "),
    "",
  );
  fc.assert(
    fc.property(fc.constantFrom(KUBECTL, JQ, SHORT), fc.array(word, { maxLength: 7 }), (grammar, args) => {
      const once = canonicalArguments(grammar(args));
      expect({ args, twice: once && canonicalArguments(grammar(once)) }).toEqual({ args, twice: once });
    }),
    { numRuns: 3000 },
  );
});

function grammarOf(text: string): Grammar {
  const { grammar } = parseConfig(`plugin: x\ngrammar:${text}`, "x.yaml");
  if (grammar === undefined) {
    throw new Error("The config has no grammar");
  }
  return declaredGrammar(grammar);
}

function words(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}
