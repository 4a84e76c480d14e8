import { expect, test } from "bun:test";
import * as fc from "fast-check";

import { readToolArguments } from "../../plugins/tool/grammar.ts";

const WHY = "it is not known whether this option takes a value";

test.each([
  { name: "no arguments are no command", args: [], reading: { kind: "none" } },
  {
    name: "the first word is the command",
    args: ["publish", "--tag", "x"],
    reading: { kind: "command", command: "publish" },
  },
  { name: "an empty word is a command too", args: [""], reading: { kind: "command", command: "" } },
  { name: "options alone are no command", args: ["--version", "-v"], reading: { kind: "none" } },
  { name: "a dash alone is no command", args: ["-"], reading: { kind: "none" } },
  { name: "dashes alone are no command", args: ["--"], reading: { kind: "none" } },
  {
    name: "a word behind an option may be its value",
    args: ["--tag", "latest", "publish"],
    reading: { kind: "unclear", argument: "--tag", why: WHY },
  },
  {
    name: "a word behind an option with a value is not guessed at either",
    args: ["--tag=latest", "publish"],
    reading: { kind: "unclear", argument: "--tag=latest", why: WHY },
  },
  {
    name: "a word behind -- is unclear",
    args: ["--", "publish"],
    reading: { kind: "unclear", argument: "--", why: WHY },
  },
  {
    name: "an option behind -- is unclear",
    args: ["--", "-x"],
    reading: { kind: "unclear", argument: "--", why: WHY },
  },
])("readToolArguments: $name", ({ args, reading }) => {
  expect(readToolArguments(args)).toEqual(reading as ReturnType<typeof readToolArguments>);
});

test("readToolArguments never takes anything but the first argument for the command", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("-", "--", "-x"))), (args) => {
      const reading = readToolArguments(args);
      if (reading.kind === "command") {
        expect(reading.command).toBe(args[0] ?? "no argument");
      }
    }),
  );
});
