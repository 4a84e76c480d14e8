import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";

import type { Config } from "../../src/policy/config.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { parseConfig } from "../../src/policy/load.ts";
import type { Grammar, Reading } from "../../src/policy/reading.ts";

/** Reads `?x` as unclear, `-` as no command, and any other first argument as the command. */
const grammar: Grammar = ([first]): Reading => {
  if (first === undefined || first === "-") {
    return { kind: "none" };
  }
  return first.startsWith("?")
    ? { kind: "unclear", argument: first, why: "it begins with a question mark" }
    : { kind: "command", command: first };
};

const NONE = "plugin: git\n";
const BLOCK = "plugin: git\nrules:\n  blocked_commands:\n    - push\n    - gc\n";
const ALLOW = "plugin: git\nrules:\n  allowed_commands: [log, push]\n";
const BOTH = "plugin: git\nrules:\n  allowed_commands: [log, push]\n  blocked_commands: [push]\n";
const EMPTY_ALLOW = "plugin: git\nrules:\n  allowed_commands: []\n";
const EMPTY_BLOCK = "plugin: git\nrules:\n  blocked_commands: []\n";

describe("evaluate", () => {
  test.each([
    { name: "allows anything without rules", text: NONE, args: ["push"], answer: "allow default" },
    { name: "does not need a reading without rules", text: NONE, args: ["?"], answer: "allow default" },
    { name: "takes an empty blocked list as no rule", text: EMPTY_BLOCK, args: ["?"], answer: "allow default" },
    { name: "denies a blocked command by its line", text: BLOCK, args: ["gc"], answer: "deny blocked_commands 5:7" },
    { name: "allows what is not blocked", text: BLOCK, args: ["log", "push"], answer: "allow default" },
    { name: "compares commands exactly", text: BLOCK, args: ["PUSH"], answer: "allow default" },
    { name: "allows a call without a command when only blocking", text: BLOCK, args: ["-"], answer: "allow default" },
    { name: "denies what it cannot read when blocking", text: BLOCK, args: ["?"], answer: "deny unclear 3:3" },
    { name: "denies what it cannot read when allowing", text: ALLOW, args: ["?"], answer: "deny unclear 3:3" },
    { name: "allows a listed command by its line", text: ALLOW, args: ["push"], answer: "allow allowed_commands 3:27" },
    { name: "denies a command that is not listed", text: ALLOW, args: ["gc"], answer: "deny allowed_commands 3:3" },
    { name: "denies no command at all by an allow-list", text: ALLOW, args: [], answer: "deny allowed_commands 3:3" },
    { name: "allows nothing by an empty list", text: EMPTY_ALLOW, args: ["log"], answer: "deny allowed_commands 3:3" },
    { name: "lets a block win over an allow", text: BOTH, args: ["push"], answer: "deny blocked_commands 4:22" },
    { name: "allows the rest of both lists", text: BOTH, args: ["log"], answer: "allow allowed_commands 3:22" },
  ])("$name", ({ text, args, answer }) => {
    const { effect, rule, place } = evaluate(parseConfig(text, "git.yaml"), grammar, { args, cwd: "/w" }, ["/w"]);
    expect([effect, rule, ...(place === undefined ? [] : [`${place.line}:${place.column}`])].join(" ")).toBe(answer);
  });

  test.each([
    { name: "the root itself", cwd: "/w", roots: ["/w"], inside: true },
    { name: "a folder below it", cwd: "/w/a/b", roots: ["/w"], inside: true },
    { name: "a folder below the second root", cwd: "/x/a", roots: ["/w", "/x"], inside: true },
    { name: "a sibling that begins alike", cwd: "/work", roots: ["/w"], inside: false },
    { name: "the parent", cwd: "/", roots: ["/w"], inside: false },
    { name: "any folder, when / is a root", cwd: "/etc", roots: ["/"], inside: true },
    { name: "any folder, when there is no root", cwd: "/w", roots: [], inside: false },
    { name: "a folder that was deleted", cwd: "", roots: ["/w"], inside: false },
  ])("judges $name (roots)", ({ cwd, roots, inside }) => {
    const decision = evaluate(parseConfig(BLOCK, "git.yaml"), grammar, { args: ["log"], cwd }, roots);
    expect(decision.rule).toBe(inside ? "default" : "roots");
  });

  test("looks at the folder before anything else, and names the line of the roots", () => {
    const config = parseConfig(`${BLOCK}roots: [/w]\n`, "git.yaml");
    const decision = evaluate(config, grammar, { args: ["push"], cwd: "/etc" }, ["/w"]);
    expect(decision).toMatchObject({ effect: "deny", rule: "roots", place: { line: 6, column: 1 } });
  });
});

describe("the message of a denial", () => {
  test.each([
    {
      name: "names the command, the rule and its line",
      text: BLOCK,
      args: ["push", "origin"],
      message:
        "git push is denied by rules.blocked_commands (git.yaml:4). A retry of this kind, in any spelling, will be refused too; ask the operator to change the rule.",
    },
    {
      name: "says when there is no command",
      text: ALLOW,
      args: [],
      message:
        "git without a command is denied by rules.allowed_commands (git.yaml:3). A retry of this kind, in any spelling, will be refused too; ask the operator to change the rule.",
    },
    {
      name: "says which argument is unclear and why",
      text: BLOCK,
      args: ["?x y"],
      message:
        'git "?x y" is denied: cannot tell the command, it begins with a question mark (git.yaml:3). A retry in this form will be refused too; write it plainly, leave it out, or ask the operator to change the rule.',
    },
    {
      name: "names the folder and the roots",
      text: NONE,
      args: ["log"],
      cwd: "/etc",
      message:
        'git is denied in "/etc": this folder is outside "/w" and "/x" (roots, git.yaml). A retry from here will be refused too; run it in an allowed folder or ask the operator to add this one.',
    },
  ])("$name", ({ text, args, cwd = "/w", message }) => {
    const config = parseConfig(text, "/etc/plugins/git.yaml");
    expect(evaluate(config, grammar, { args, cwd }, ["/w", "/x"])).toMatchObject({ effect: "deny", message });
  });

  test("is cut to 300 characters at the most, with the longest name, folder and roots", () => {
    const config = parseConfig(`plugin: ${"p".repeat(64)}\n`, `/etc/${"f".repeat(200)}.yaml`);
    const call = { args: ["log"], cwd: `/${"c".repeat(4000)}` };
    const decision = evaluate(config, grammar, call, [`/${"a".repeat(500)}`, `/${"b".repeat(500)}`, "/c"]);
    expect(decision.effect === "deny" && decision.message.length).toBe(300);
  });

  test("is one printable line of at most 300 characters, whatever the caller sends", () => {
    const nasty = fc.oneof(fc.string({ unit: "binary", maxLength: 500 }), fc.string({ maxLength: 2000 }));
    const configs = [BLOCK, ALLOW, NONE].map((text) => parseConfig(text, "/etc/plugins/git.yaml"));
    fc.assert(
      fc.property(fc.constantFrom(...configs), nasty, nasty, fc.array(nasty), (config, first, cwd, roots) => {
        for (const args of [[first], [`?${first}`]]) {
          const decision = evaluate(config, grammar, { args, cwd }, roots);
          if (decision.effect === "deny") {
            expect(decision.message.length).toBeLessThanOrEqual(300);
            expect(decision.message).not.toMatch(
              /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u,
            );
          }
        }
      }),
    );
  });
});

describe("properties", () => {
  const command = fc.constantFrom("push", "log", "gc", "?", "-", "");
  const commands = fc.uniqueArray(fc.constantFrom("push", "log", "gc", "a"));
  const calls = fc.record({ args: fc.array(command), cwd: fc.constantFrom("/w", "/w/a", "/x", "/") });
  const makeConfig = (blocked: readonly string[], allowed: readonly string[] | null): Config =>
    parseConfig(
      JSON.stringify({
        plugin: "git",
        rules: { blocked_commands: blocked, ...(allowed === null ? {} : { allowed_commands: allowed }) },
      }),
      "git.yaml",
    );

  test("evaluate never throws and always gives the same answer for the same call", () => {
    fc.assert(
      fc.property(
        commands,
        fc.option(commands),
        fc.array(fc.string({ unit: "binary" })),
        fc.string(),
        (b, a, args, cwd) => {
          const config = makeConfig(b, a);
          const once = evaluate(config, grammar, { args, cwd }, ["/w"]);
          expect(evaluate(config, grammar, { args, cwd }, ["/w"])).toEqual(once);
        },
      ),
    );
  });

  test("adding a blocked command never allows more", () => {
    fc.assert(
      fc.property(commands, fc.option(commands), command, calls, (blocked, allowed, more, call) => {
        const before = evaluate(makeConfig(blocked, allowed), grammar, call, ["/w"]);
        const after = evaluate(makeConfig([...blocked, more === "" ? "x" : more], allowed), grammar, call, ["/w"]);
        expect(before.effect === "deny" && after.effect === "allow").toBe(false);
      }),
    );
  });

  test("removing an allowed command never allows more", () => {
    fc.assert(
      fc.property(commands, commands, calls, (blocked, allowed, call) => {
        const before = evaluate(makeConfig(blocked, allowed), grammar, call, ["/w"]);
        const after = evaluate(makeConfig(blocked, allowed.slice(1)), grammar, call, ["/w"]);
        expect(before.effect === "deny" && after.effect === "allow").toBe(false);
      }),
    );
  });
});
