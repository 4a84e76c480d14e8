import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";

import { ConfigError, parseConfig } from "../../src/policy/load.ts";

// The YAML parser takes seconds over a megabyte of keys where other programs run.
setDefaultTimeout(30_000);

const DURATION = "a duration such as 500ms, 30s or 10m, from";

describe("parseConfig reports the place, what was found, what is accepted, and the nearest right key", () => {
  test.each([
    { name: "an empty file", text: " \n", errors: ["1:1: The config is empty: expected at least plugin: NAME"] },
    { name: "only a comment", text: "# nothing\n", errors: ["1:1: The config must be a map, found nothing"] },
    { name: "a list", text: "- plugin: git\n", errors: ["1:1: The config must be a map, found a list"] },
    { name: "plain text", text: "git\n", errors: ['1:1: The config must be a map, found "git"'] },
    { name: "a missing name", text: "rules: {}\n", errors: ["1:1: plugin is missing"] },
    {
      name: "a misspelt required key, once",
      text: "plugn: git\n",
      errors: ['1:1: Unknown key "plugn" at the top level; did you mean "plugin"?'],
    },
    {
      name: "every unknown key",
      text: "plugin: git\nenforcment: audit\nrules:\n  blockedCommands: []\n  ask: []\n",
      errors: [
        '2:1: Unknown key "enforcment" at the top level; did you mean "enforcement"?',
        '4:3: Unknown key "blockedCommands" in rules; did you mean "blocked_commands"?',
        '5:3: Unknown key "ask" in rules; the keys are ordered, allowed_commands, blocked_commands, blocked_branches, allowed_branch_patterns',
      ],
    },
    {
      name: "a key at the wrong level",
      text: "plugin: git\nblocked_commands: [push]\n",
      errors: ['2:1: Unknown key "blocked_commands" at the top level; did you mean "rules.blocked_commands"?'],
    },
    {
      name: "an unknown key of a case",
      text: "plugin: git\ncases:\n  - { run: a, expects: allow }\n",
      errors: ['3:15: Unknown key "expects" in an item of cases; did you mean "expect"?'],
    },
    {
      name: "a duplicate key, with the line of the first",
      text: "plugin: git\nrules: {}\nplugin: npm\nrules: {}\n",
      errors: [
        '3:1: The key "plugin" appears twice in this map, first on line 1; keep one of them',
        '4:1: The key "rules" appears twice in this map, first on line 2; keep one of them',
      ],
    },
    {
      name: "an impossible name",
      text: "plugin: Git/x\n",
      errors: [
        '1:9: plugin must be a name (1 to 64 of the characters a-z, 0-9, dot, dash and underscore, the first a letter or a digit), found "Git/x"',
      ],
    },
    {
      name: "commands that are not strings",
      text: 'plugin: git\nrules:\n  blocked_commands: [push, 5, true, "", ~, [a]]\n',
      errors: [
        "3:28: An item of rules.blocked_commands must be a non-empty string, found the number 5; put it in quotes",
        "3:31: An item of rules.blocked_commands must be a non-empty string, found the boolean true; put it in quotes",
        "3:37: An item of rules.blocked_commands must be a non-empty string, found an empty string",
        "3:41: An item of rules.blocked_commands must be a non-empty string, found nothing",
        "3:44: An item of rules.blocked_commands must be a non-empty string, found a list",
      ],
    },
    {
      name: "a list without brackets",
      text: "plugin: git\nrules: { blocked_commands: push }\n",
      errors: ['2:28: rules.blocked_commands must be a list of commands, found "push"; write it in brackets: [ … ]'],
    },
    {
      name: "a list where a map belongs, and nothing at all",
      text: "plugin: git\nrules: [push]\nenv:\n",
      errors: ['2:9: An item of rules must be a map, found "push"', "3:5: env must be a map, found nothing"],
    },
    {
      name: "lists where inner maps belong",
      text: "plugin: git\nenv: { set: [A] }\ncases: [[]]\nlimits: []\n",
      errors: [
        "2:13: env.set must be a map of names and values, found a list",
        "3:9: An item of cases must be a map, found an empty list",
        "4:9: limits must be a map, found an empty list",
      ],
    },
    {
      name: "relative paths",
      text: "plugin: git\nexec: git\nroots: [src, ~/x]\n",
      errors: [
        '2:7: exec must be an absolute path (beginning with "/"), found "git"',
        '3:9: An item of roots must be an absolute path (beginning with "/"), found "src"',
        '3:14: An item of roots must be an absolute path (beginning with "/"), found "~/x"',
      ],
    },
    {
      name: "no root at all",
      text: "plugin: git\nroots: []\n",
      errors: ["2:8: roots must be a list of at least one folder, found an empty list"],
    },
    {
      name: "counts out of range",
      text: "plugin: git\nlimits: { sessions: 0, queue: 4097, connections: 1.5 }\n",
      errors: [
        "2:21: limits.sessions must be a whole number from 1 to 1024, found the number 0",
        "2:31: limits.queue must be a whole number from 0 to 4096, found the number 4097",
        "2:50: limits.connections must be a whole number from 1 to 4096, found the number 1.5",
      ],
    },
    {
      name: "durations without a unit, out of range, or none where there must be one",
      text: "plugin: git\nlimits: { queue_wait: 30, timeout: 25h, grace: none, handshake: soon }\n",
      errors: [
        `2:23: limits.queue_wait must be ${DURATION} 0ms to 1h, found the number 30; write the unit too`,
        `2:36: limits.timeout must be ${DURATION} 1s to 24h, or none, found "25h"`,
        `2:48: limits.grace must be ${DURATION} 100ms to 1m, found "none"`,
        `2:65: limits.handshake must be ${DURATION} 100ms to 1m, found "soon"`,
      ],
    },
    {
      name: "an idle limit that could not be measured",
      text: "plugin: git\nlimits: { idle: 30s }\n",
      errors: [
        '2:17: limits.idle needs stdio: relay, found "30s" with stdio: auto; with auto the streams do not pass through the plugin, so it cannot see that nothing moves',
      ],
    },
    {
      name: "a misspelt word, without a second complaint about what depends on it",
      text: "plugin: git\nstdio: realy\nlimits: { idle: 30s }\n",
      errors: ['2:8: stdio must be "auto" or "relay", found "realy"; did you mean "relay"?'],
    },
    {
      name: "socket permissions that YAML reads as a number",
      text: "plugin: git\naccess: { mode: 0660, uids: [-1], gid: root }\n",
      errors: [
        '2:17: access.mode must be permission bits as a string, such as "0600", found the number 660; put it in quotes',
        "2:30: An item of access.uids must be a whole number from 0 to 4294967294, found the number -1",
        '2:40: access.gid must be a whole number from 0 to 4294967294, found "root"',
      ],
    },
    {
      name: "variables that no process can have",
      text: 'plugin: git\nenv: { pass: ["A=B"], set: { A: 5, "B=C": x, constructor: y } }\n',
      errors: [
        '2:15: An item of env.pass must be the name of a variable, or a pattern with * and ?, found "A=B"',
        "2:33: env.set.A must be a string without NUL, found the number 5; put it in quotes",
        '2:43: env.set."B=C" must be the name of a variable, found "B=C"',
        '2:46: env.set cannot have the name "constructor"',
      ],
    },
    {
      name: "broken cases",
      text: "plugin: git\ncases:\n  - push\n  - { run: [a, 5], expect: alow, rule: block_commands }\n  - { expect: deny }\n",
      errors: [
        '3:5: An item of cases must be a map, found "push"',
        "4:12: run of an item of cases must be a list of strings, or one string that is split on blanks, found the number 5 in the list; put it in quotes",
        '4:28: expect of an item of cases must be "allow" or "deny" or "ask", found "alow"; did you mean "allow"?',
        '4:40: A case names the rule "block_commands", which this config does not have; did you mean "blocked_commands"?',
        "5:5: run of an item of cases is missing",
      ],
    },
    {
      name: "a tab, and what is wrong before it",
      text: "plugin: git\nrulez: {}\nrules:\n\tblocked_commands: [push]\n",
      errors: [
        '2:1: Unknown key "rulez" at the top level; did you mean "rules"?',
        "4:1: Cannot read this YAML: a tab is used as indentation; use spaces",
      ],
    },
    {
      name: "a tab before a key",
      text: "plugin: git\n\trules: {}\n",
      errors: ["2:1: Cannot read this YAML: a tab is used as indentation; use spaces"],
    },
    {
      name: "a regular expression, which cannot run away because there are none",
      text: "plugin: git\nrules: [{ match: { arguments: [{ regex: '(a+)+$' }] }, decision: deny }]\n",
      errors: [
        "2:32: An item of match.arguments of an item of rules must be text, in which * stands for any characters and ? for one, or {exact: …}, {glob: …} or {prefix: …}, found a map",
        '2:34: Unknown key "regex" in an item of match.arguments of an item of rules; the keys are exact, glob, prefix',
      ],
    },
    {
      name: "an anchor that nobody has set",
      text: "plugin: git\nrules: *shared\n",
      errors: ['2:8: Cannot use the alias "*shared" here: configs have plain values only; write the value out'],
    },
    {
      name: "a list that is not closed",
      text: "plugin: git\nroots: [/a\nstdio: auto\n",
      errors: [
        "3:1: Cannot read this YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
      ],
    },
    {
      name: "a second document",
      text: "plugin: git\n---\nplugin: npm\n",
      errors: ["2:1: Cannot read this YAML: there is a second document (---); a config is one document"],
    },
    {
      name: "aliases",
      text: "plugin: &a git\nroots: *a\nexec: *b\n",
      errors: [
        '2:8: Cannot use the alias "*a" here: configs have plain values only; write the value out',
        '3:7: Cannot use the alias "*b" here: configs have plain values only; write the value out',
      ],
    },
    {
      name: "a tag",
      text: "plugin: !secret git\n",
      errors: ["1:9: Cannot read this YAML: Unresolved tag: !secret"],
    },
    {
      name: "a terminal's control characters, escaped",
      text: 'plugin: git\n"\\e[31mx\\u202e": 1\n',
      errors: [
        '2:1: Unknown key "\\x1b[31mx\\u202e" at the top level; the keys are plugin, exec, rules, default, enforcement, grammar, env, roots, limits, stdio, background, ignore_scripts, access, cases, credentials, broker',
      ],
    },
  ])("$name", ({ text, errors }) => {
    expect(errorOf(text).message.split("\n")).toEqual(errors.map((error) => `git.yaml:${error}`));
  });
});

test("parseConfig gives every issue as data too", () => {
  const error = errorOf("plugin: git\nstdio: x\n");
  expect(error.code).toBe("config_invalid");
  expect(error.issues).toEqual([
    { place: { file: "git.yaml", line: 2, column: 8 }, message: 'stdio must be "auto" or "relay", found "x"' },
  ]);
});

test.each([
  { name: "a billion laughs", text: `a: &a [x]\n${"b: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n".repeat(1000)}` },
  { name: "200,000 open brackets", text: "[".repeat(200_000) },
  { name: "50,000 nested maps", text: "{a: ".repeat(50_000) },
  {
    name: "3,000 levels of indentation",
    text: Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
  },
  { name: "90,000 unknown keys", text: Array.from({ length: 90_000 }, (_, i) => `k${i}: 1`).join("\n") },
  { name: "a key of 1 MiB", text: `${"k".repeat(1024 * 1024)}: 1` },
])("parseConfig refuses $name without falling over, in at most 101 lines", ({ text }) => {
  const { message } = errorOf(text);
  expect(message.split("\n").length).toBeLessThanOrEqual(101);
  expect(message.length).toBeLessThan(50_000);
});

test("parseConfig answers any text with a config or a ConfigError whose lines all have a place", () => {
  const word = fc.constantFrom("plugin", "rules", "blocked_commands", "env", "set", "cases", "run", "git", "&a", "*a");
  const mark = fc.constantFrom(": ", "\n", "  ", "- ", "[", "]", "{", "}", ",", '"', "\t", "|", "!", "? ", "#", "\0");
  const yamlish = fc.array(fc.oneof(word, mark, fc.string({ unit: "binary" })), { maxLength: 30 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        yamlish.map((parts) => parts.join("")),
      ),
      (text) => {
        try {
          parseConfig(text, "git.yaml");
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          const { message } = error as ConfigError;
          expect(message.split("\n").every((line) => /^git\.yaml:\d+:\d+: \S/.test(line))).toBe(true);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("parseConfig answers any value under any key with a config or a ConfigError", () => {
  const keys = ["plugin", "exec", "rules", "env", "roots", "limits", "stdio", "access", "cases"];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()), (value) => {
      try {
        parseConfig(JSON.stringify({ plugin: "git", ...value }), "git.yaml");
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
    { numRuns: 1000 },
  );
});

function errorOf(text: string): ConfigError {
  try {
    parseConfig(text, "git.yaml");
  } catch (error) {
    if (error instanceof ConfigError) {
      return error;
    }
    throw error;
  }
  throw new Error("parseConfig accepted the text");
}
