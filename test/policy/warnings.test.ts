import { expect, test } from "bun:test";

import { parseConfig } from "../../src/policy/load.ts";
import { configWarnings } from "../../src/policy/warnings.ts";
import { readGitArguments } from "../../plugins/git/grammar.ts";
import { readGitInvocation } from "../../plugins/git/invocation.ts";
import { npmPlugin } from "../../plugins/npm/plugin.ts";

test.each([
  { name: "says nothing about an ordinary config", text: "rules: { blocked_commands: [push] }", warnings: [] },
  { name: "says that there are no rules", text: "", warnings: ["1:1: There are no rules: every command is allowed"] },
  {
    name: "names everything that a transparent config opens",
    text: 'roots: [/work, /]\nenv: { pass: [A, "*"] }\naccess: { mode: "0666" }',
    warnings: [
      "1:1: There are no rules: every command is allowed",
      '2:16: roots has "/": the tool can be called in every folder',
      '3:18: env.pass has "*": the caller decides the whole environment, PATH and LD_PRELOAD included',
      "4:11: access.mode lets every user of the system connect; name the users in access.uids",
    ],
  },
  {
    name: "finds commands that the grammar never reads",
    text: 'rules: { blocked_commands: [--force, --version, "push --force", push, push] }',
    warnings: [
      '2:29: blocked_commands has "--force", which is never read as a command',
      '2:38: blocked_commands has "--version", which is never read as a command; write "version"',
      '2:49: blocked_commands has "push --force", which never matches: a command is one word',
      '2:71: blocked_commands has "push" twice',
    ],
  },
  {
    name: "finds blocked commands that change nothing, and those that are in both lists",
    text: "rules: { allowed_commands: [log, push], blocked_commands: [push, gc] }",
    warnings: [
      '2:60: "push" is in allowed_commands too; it is blocked',
      '2:66: blocked_commands has "gc", which allowed_commands does not let through anyway',
    ],
  },
])("configWarnings $name", ({ text, warnings }) => {
  const found = configWarnings(parseConfig(`plugin: git\n${text}\n`, "git.yaml"), readGitArguments);
  expect(found.map(({ place, message }) => `${place.line}:${place.column}: ${message}`)).toEqual([...warnings]);
});

test.each([
  { name: "an alias", value: "add", warning: ', which is never read as a command; write "install"' },
  { name: "an abbreviation", value: "pu", warning: ', which is never read as a command; write "publish"' },
  { name: "an abbreviation of several", value: "p", warning: ", which is never read as a command" },
  { name: "a misspelling", value: "publsh", warning: ', which is no command of npm; did you mean "publish"?' },
  { name: "something else", value: "frobnicate", warning: ", which is no command of npm" },
])("configWarnings finds $name in a list of npm commands", ({ value, warning }) => {
  const config = parseConfig(`plugin: npm\nrules: { blocked_commands: [${value}] }\n`, "npm.yaml");
  const found = configWarnings(config, npmPlugin.grammar, npmPlugin.commands);
  expect(found.map(({ message }) => message)).toEqual([`blocked_commands has "${value}"${warning}`]);
});

const REGEX = "which looks like a regular expression: * stands for any characters, ? for one, and all else for itself";

test.each([
  { text: "rules: { blocked_branches: [^main$] }", warning: `The rule "blocked_branches" has "^main$", ${REGEX}` },
  {
    text: "rules: { blocked_commands: ['(gc|prune)'] }",
    warning: `The rule "blocked_commands" has "(gc|prune)", ${REGEX}`,
  },
  {
    text: "rules: [{ id: r, match: { not: { arguments: 'v[0-9]+' } }, decision: deny }]",
    warning: `The rule "r" has "v[0-9]+", ${REGEX}`,
  },
  {
    text: "rules: [{ id: r, match: { targets: 'a\\.b' }, decision: deny }]",
    warning: `The rule "r" has "a\\.b", ${REGEX}`,
  },
  { text: "rules: [{ id: r, match: { arguments: ['*.ts', '.*', 'a[1]', 'x$y', 'a|b', 'c++'] }, decision: deny }]" },
])("configWarnings says what looks like a regular expression in $text", ({ text, warning }) => {
  const found = configWarnings(parseConfig(`plugin: git\n${text}\n`, "git.yaml"), readGitInvocation);
  const messages = found.map(({ message }) => message).filter((message) => message.includes("regular"));
  expect(messages).toEqual(warning === undefined ? [] : [warning]);
});

test("configWarnings accepts every command that a plugin names, and asks for none where it names none", () => {
  for (const command of npmPlugin.commands ?? []) {
    const config = parseConfig(`plugin: npm\nrules: { blocked_commands: [${command}] }\n`, "npm.yaml");
    expect(configWarnings(config, npmPlugin.grammar, npmPlugin.commands)).toEqual([]);
  }
  const config = parseConfig("plugin: npm\nrules: { blocked_commands: [publsh] }\n", "npm.yaml");
  expect(configWarnings(config, npmPlugin.grammar)).toEqual([]);
});
