import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";

import { COMMANDS } from "../../plugins/npm/commands.ts";
import { readNpmArguments } from "../../plugins/npm/grammar.ts";
import { OPTIONS, SHORTHANDS } from "../../plugins/npm/options.ts";
import { NPM_LINES } from "./npm-lines.ts";

const OPTION = "what npm takes behind this option is not certain";
const SHORT = "it is short for more than one command";

describe.each(Object.entries(NPM_LINES))("readNpmArguments reads %s", (command, lines) => {
  test.each([...lines])("in npm %s", (line) => {
    expect(readNpmArguments(line.split(" "))).toEqual({ kind: "command", command });
  });
});

test("the table has every command, and at least 150 lines", () => {
  expect(COMMANDS.filter((command) => command !== "patch" && !Object.hasOwn(NPM_LINES, command))).toEqual([]);
  expect(Object.values(NPM_LINES).flat().length).toBeGreaterThanOrEqual(150);
});

describe("readNpmArguments finds the command that hides", () => {
  test.each([
    { line: "pu", command: "publish" },
    { line: "publis", command: "publish" },
    { line: "unp", command: "unpublish" },
    { line: "depr", command: "deprecate" },
    { line: "dist", command: "dist-tag" },
    { line: "distTag", command: "dist-tag" },
    { line: "addUser", command: "adduser" },
    { line: "tok", command: "token" },
    { line: "install-cl", command: "ci" },
    { line: "-- publish", command: "publish" },
    { line: "--- publish --help", command: "publish" },
    { line: "-- -- publish", command: "--" },
    { line: "--=publish", command: "publish" },
    { line: "-=publish install", command: "publish" },
    { line: "--force=publish install", command: "publish" },
    { line: "-f=publish install", command: "publish" },
    { line: "--force=true publish", command: "publish" },
    { line: "--force false publish", command: "publish" },
    { line: "--no-tag publish", command: "publish" },
    { line: "--no-otp install publish", command: "publish" },
    { line: "--no-no-otp install publish", command: "publish" },
    { line: "--NO-otp install publish", command: "publish" },
    { line: "--no-depth 5 publish", command: "publish" },
    { line: "--no-depth publish", command: "publish" },
    { line: "--no-access public publish", command: "publish" },
    { line: "--tag install publish", command: "publish" },
    { line: "--tag -f publish", command: "publish" },
    { line: "--tag=-f publish", command: "publish" },
    { line: "--tag -- publish", command: "publish" },
    { line: "--otp -- publish", command: "publish" },
    { line: "--otp -f publish", command: "publish" },
    { line: "--prefix --version publish", command: "publish" },
    { line: "--color always publish", command: "publish" },
    { line: "--color publish", command: "publish" },
    { line: "--browser firefox publish", command: "publish" },
    { line: "--browser -- publish", command: "publish" },
    { line: "--yes null publish", command: "publish" },
    { line: "--forc publish", command: "publish" },
    { line: "--regi https://npm.example publish", command: "publish" },
    { line: "--reg https://npm.example publish", command: "publish" },
    { line: "--ver publish", command: "publish" },
    { line: "--sil publish", command: "publish" },
    { line: "-gf publish", command: "publish" },
    { line: "--gf publish", command: "publish" },
    { line: "-d publish", command: "publish" },
    { line: "-no publish", command: "publish" },
    { line: "-Cw install publish", command: "install" },
    { line: "-wf install publish", command: "install" },
    { line: "-fw a publish", command: "publish" },
    { line: "- publish", command: "-" },
    { line: "--provenance publish", command: "publish" },
    { line: "--no-provenance publish", command: "publish" },
    { line: "--allow-git=none publish", command: "publish" },
    { line: "--no-version publish", command: "publish" },
    { line: "--version=false publish", command: "publish" },
    { line: "--version publish --no-version", command: "publish" },
    { line: "publish --help=false", command: "publish" },
    { line: "publish --help --no-usage", command: "publish" },
    { line: "publish --otp --help", command: "publish" },
    { line: "publish -- --help", command: "publish" },
    { line: "publish --unknown --help", command: "publish" },
    { line: "publish --unknown=--help", command: "publish" },
    { line: "install --new-option publish", command: "install" },
    { line: "install --//npm.example/:_authToken=publish", command: "install" },
    { line: "publish --@acme:registry=a --help", command: "help" },
    { line: "publish --tag --help", command: "help" },
    { line: "--usage publish", command: "help" },
    { line: "pu -?", command: "help" },
    { line: "publish --versions --help", command: "version" },
    { line: "PUBLISH", command: "PUBLISH" },
    { line: "constructor", command: "constructor" },
    { line: "__proto__", command: "__proto__" },
    { line: "nothing-like-it", command: "nothing-like-it" },
  ])("npm $line → $command", ({ line, command }) => {
    expect(readNpmArguments(line.split(" "))).toEqual({ kind: "command", command });
  });
});

test.each([
  { name: "bare npm", args: [] },
  { name: "--version", args: ["--version"] },
  { name: "-v", args: ["-v"] },
  { name: "--version, whatever follows", args: ["--version", "publish"] },
  { name: "--version, whatever is before", args: ["publish", "-v"] },
  { name: "--version before --versions", args: ["--versions", "--version"] },
  { name: "-l", args: ["-l"] },
  { name: "an empty word, for which npm prints its usage", args: ["", "publish"] },
  { name: "dashes alone", args: ["--"] },
  { name: "options alone", args: ["-g", "--prefix", "publish"] },
  { name: "an option without its value", args: ["--otp"] },
  { name: "an unknown option alone", args: ["--new-option"] },
])("readNpmArguments finds no command in $name", ({ args }) => {
  expect(readNpmArguments(args)).toEqual({ kind: "none" });
});

describe("readNpmArguments says that it cannot tell", () => {
  test.each([
    { line: "--new-option publish", argument: "--new-option", why: OPTION },
    { line: "--new-option=a publish", argument: "--new-option=a", why: OPTION },
    { line: "--new-option --version", argument: "--new-option", why: OPTION },
    { line: "-f --no-new-option publish", argument: "--no-new-option", why: OPTION },
    { line: "--no- publish", argument: "--no-", why: OPTION },
    { line: "--Force publish", argument: "--Force", why: OPTION },
    { line: "-fx publish", argument: "-fx", why: OPTION },
    { line: "-C./a publish", argument: "-C./a", why: OPTION },
    { line: "--save- publish", argument: "--save-", why: OPTION },
    { line: "--allow-git none publish", argument: "--allow-git", why: OPTION },
    { line: "--allow-git=--force publish", argument: "--allow-git=--force", why: OPTION },
    { line: "--no-allow-git=none publish", argument: "--no-allow-git=none", why: OPTION },
    { line: "--provenance=publish", argument: "--provenance=publish", why: OPTION },
    { line: "--proven publish", argument: "--proven", why: OPTION },
    { line: "--expect-results publish", argument: "--expect-results", why: OPTION },
    { line: "--no-local-address 10.0.0.1 publish", argument: "--no-local-address", why: OPTION },
    { line: "--@acme:registry publish", argument: "--@acme:registry", why: OPTION },
    { line: "--@acme:registry=-f publish", argument: "--@acme:registry=-f", why: OPTION },
    { line: "--no-a:b=publish", argument: "--no-a:b=publish", why: OPTION },
    { line: "--__proto__ publish", argument: "--__proto__", why: OPTION },
    { line: "p", argument: "p", why: SHORT },
    { line: "--force st", argument: "st", why: SHORT },
    { line: "ho left-pad", argument: "ho", why: SHORT },
  ])("npm $line", ({ line, argument, why }) => {
    expect(readNpmArguments(line.split(" "))).toEqual({ kind: "unclear", argument, why });
  });
});

test("no name of an option or shorthand is in both tables, and no option that comes and goes abbreviates another", () => {
  const names = [...OPTIONS.keys()];
  expect(names.filter((name) => SHORTHANDS.has(name))).toEqual([]);
  const passing = [...OPTIONS].filter(([, { isEverywhere }]) => !isEverywhere).map(([name]) => name);
  const lasting = names.filter((name) => !passing.includes(name));
  expect(passing.filter((name) => lasting.some((other) => other.startsWith(name)))).toEqual([]);
});

const token = fc.oneof(
  fc.constantFrom(...[...OPTIONS.keys()].flatMap((name) => [`--${name}`, `--no-${name}`, `--${name}=x`])),
  fc.constantFrom(...[...SHORTHANDS.keys()].map((name) => `-${name}`)),
  fc.constantFrom("--", "-", "true", "false", "null", "publish", "pu", "", "--=", "-="),
);
const line = fc.array(fc.oneof(token, fc.string({ unit: "binary" })), { maxLength: 12 });

test("readNpmArguments is total, and gives the same answer for the same arguments", () => {
  fc.assert(
    fc.property(line, (args) => {
      const before = [...args];
      const reading = readNpmArguments(args);
      expect(["command", "none", "unclear"]).toContain(reading.kind);
      expect(readNpmArguments(args)).toEqual(reading);
      expect(args).toEqual(before);
    }),
  );
});

test("what follows a command never makes another command of it, but one that only prints", () => {
  fc.assert(
    fc.property(line, (rest) => {
      const reading = readNpmArguments(["publish", ...rest]);
      const prints =
        reading.kind === "none" || (reading.kind === "command" && /^(help|version)$/u.test(reading.command));
      expect(prints || (reading.kind === "command" && reading.command === "publish")).toBe(true);
    }),
  );
});

test("readNpmArguments stands arguments as long and as many as a system takes", () => {
  expect(readNpmArguments([`-${"f".repeat(200_000)}`, "pu"])).toEqual({ kind: "command", command: "publish" });
  expect(readNpmArguments([...Array.from({ length: 50_000 }, () => "--forc"), "pu"])).toEqual({
    kind: "command",
    command: "publish",
  });
});
