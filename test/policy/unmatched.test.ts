import { describe, expect, test } from "bun:test";

import { parseConfig } from "../../src/policy/load.ts";
import { strayFolderWarnings } from "../../src/policy/stray-folders.ts";
import { configWarnings } from "../../src/policy/warnings.ts";
import { grammarOf, type Plugin } from "../../src/runtime/plugin.ts";
import { gitPlugin } from "../../plugins/git/plugin.ts";
import { npmPlugin } from "../../plugins/npm/plugin.ts";
import { toolPlugin } from "../../plugins/tool/plugin.ts";

const jq: Plugin = { ...toolPlugin, name: "jq" };

function warningsOf(plugin: Plugin, text: string): string[] {
  const config = parseConfig(`plugin: ${plugin.name}\n${text}\n`, "x.yaml");
  return configWarnings(config, grammarOf(plugin, config), plugin.commands).map(
    ({ place, message }) => `${place.line}: ${message}`,
  );
}

/** Two rules, the second of which is meant to come to nothing, or not. */
function pair(first: string, second: string, rest = ""): string {
  return `rules:\n  - { id: a, match: ${first}, decision: deny }\n  - { id: b, match: ${second}, decision: allow }\n${rest}`;
}

const SHADOWED = '4: The rule "b" never decides: "a" on line 3 takes all that it matches';

describe("a rule behind another one", () => {
  test.each([
    { name: "with the same match", text: pair("{ command: push }", "{ command: push }") },
    { name: "that takes everything", text: pair("{}", "{ command: push }") },
    { name: "with a wider pattern", text: pair("{ command: 'pu*' }", "{ command: 'pus*' }") },
    { name: "with a shorter prefix", text: pair("{ arguments: { prefix: p } }", "{ arguments: { prefix: pu } }") },
    { name: "with a prefix of a pattern", text: pair("{ arguments: { prefix: p } }", "{ arguments: 'pu?h' }") },
    { name: "with a pattern of a prefix", text: pair("{ arguments: 'p*' }", "{ arguments: { prefix: pu } }") },
    { name: "about the command of a subcommand", text: pair("{ command: remote }", "{ command: remote add }") },
    {
      name: "about the same option by another name",
      text: pair("{ command: push, options: -f }", "{ command: push, options: --force }"),
    },
    {
      name: "about an option with any value",
      text: pair("{ command: push, options: --push-option }", "{ command: push, options: '-o=ci.*' }"),
    },
    {
      name: "about one argument, where this one is about all",
      text: pair("{ command: add, arguments: 'x*' }", "{ command: add, every_argument: [x, xy] }"),
    },
    {
      name: "about one target, where this one is about all",
      text: pair("{ command: push, targets: '*' }", "{ command: push, every_target: main }"),
    },
    { name: "about the folder above", text: pair("{ cwd: /w }", "{ cwd: /w/x }") },
    { name: "about a pattern of folders", text: pair("{ cwd: '/w*' }", "{ cwd: /w/x }") },
    {
      name: "about the same variable with more values",
      text: pair('{ env: { TZ: "*" } }', "{ env: { TZ: UTC, TERM: dumb } }"),
    },
  ])("$name never decides", ({ text }) => {
    expect(warningsOf(gitPlugin, text)).toEqual([SHADOWED]);
  });

  test.each([
    { name: "a narrower pattern", text: pair("{ command: 'pus*' }", "{ command: 'pu*' }") },
    { name: "a pattern of one character", text: pair("{ command: 'p?sh' }", "{ command: 'p*sh' }") },
    { name: "a subcommand", text: pair("{ command: remote add }", "{ command: remote }") },
    {
      name: "another option",
      text: pair("{ command: push, options: -f }", "{ command: push, options: --delete }"),
    },
    {
      name: "an option with a value",
      text: pair("{ command: push, options: '-o=ci.*' }", "{ command: push, options: -o }"),
    },
    {
      name: "all arguments",
      text: pair("{ command: add, every_argument: x }", "{ command: add, arguments: x }"),
    },
    { name: "the folder below", text: pair("{ cwd: /w/x }", "{ cwd: /w }") },
    { name: "a folder with a like name", text: pair("{ cwd: /w }", "{ cwd: /wide }") },
    { name: "folders of one character, not what is below", text: pair("{ cwd: '/w/?' }", "{ cwd: /w/x }") },
    { name: "one more variable", text: pair("{ env: { TZ: UTC, TERM: dumb } }", "{ env: { TZ: UTC } }") },
    { name: "another value", text: pair("{ env: { TZ: UTC } }", "{ env: { TZ: [UTC, CET] } }") },
    { name: "all but something", text: pair("{ not: { command: push } }", "{ command: push }") },
  ])("about $name may decide", ({ text }) => {
    expect(warningsOf(gitPlugin, text)).toEqual([]);
  });

  test("that takes one of its commands never decides about that one", () => {
    const text =
      "rules:\n  ordered: [{ id: a, match: { command: push }, decision: ask }]\n  blocked_commands: [gc, push]";
    expect(warningsOf(gitPlugin, text)).toEqual([
      '4: The rule "blocked_commands" never decides about "push": "a" on line 3 takes that',
    ]);
  });

  test("that takes everything leaves nothing to the default", () => {
    const rules = "rules:\n  - { match: { command: log }, decision: allow }\n  - { id: rest, decision: ask }\n";
    expect(warningsOf(gitPlugin, `${rules}default: deny`)).toEqual([
      '5: default never decides: "rest" on line 4 takes everything',
    ]);
    expect(warningsOf(gitPlugin, rules)).toEqual([]);
  });
});

describe("a rule of its own", () => {
  const one = (match: string, decision = "deny"): string =>
    `rules: [{ id: r, match: ${match}, decision: ${decision}, reason: x }]`;
  test.each([
    {
      name: "a command that git has not",
      plugin: gitPlugin,
      text: one("{ command: psuh }"),
      what: 'has the command "psuh", which is no command of git; did you mean "push"?',
    },
    {
      name: "a pattern of which git has no command",
      plugin: gitPlugin,
      text: one("{ command: 'psu*' }"),
      what: 'has the command "psu*", and git has no such command',
    },
    {
      name: "an alias of npm's",
      plugin: npmPlugin,
      text: one("{ command: add }"),
      what: 'has the command "add", which is never read as one; write "install"',
    },
    {
      name: "an option that the command has not",
      plugin: gitPlugin,
      text: one("{ command: push, options: --hard }"),
      what: 'has the option "--hard", which "push" is not known to have: such calls are refused as unclear',
    },
    {
      name: "an option that the command has not, to allow it",
      plugin: gitPlugin,
      text: one("{ command: push, options: --hard }", "allow"),
      what: 'has the option "--hard", which "push" is not known to have: it never decides',
    },
    {
      name: "an option, of a tool of which nothing is known",
      plugin: jq,
      text: one("{ options: -r }"),
      what: "asks about options, which the plugin of jq does not read: such calls are refused as unclear",
    },
    {
      name: "an argument, of a tool of which nothing is known",
      plugin: jq,
      text: one("{ command: x, not: { arguments: y } }"),
      what: 'asks about arguments, which the plugin of jq does not read of "x": such calls are refused as unclear',
    },
    {
      name: "targets of a command that has none",
      plugin: gitPlugin,
      text: one("{ command: log, targets: main }"),
      what: 'asks about targets, which the plugin of git does not read of "log": such calls are refused as unclear',
    },
    {
      name: "a variable that the tool never gets",
      plugin: gitPlugin,
      text: one("{ env: { CI: '1' } }"),
      what: "never matches: env.pass does not list CI, so the tool never gets it",
    },
    {
      name: "a variable that is always another",
      plugin: gitPlugin,
      text: `${one("{ env: { CI: '1' } }")}\nenv: { set: { CI: "0" } }`,
      what: 'never matches: env.set always makes CI "0"',
    },
  ])("about $name", ({ plugin, text, what }) => {
    expect(warningsOf(plugin, text)).toEqual([`2: The rule "r" ${what}`]);
  });

  test.each([
    { name: "options without a command", plugin: gitPlugin, text: one("{ options: --force }") },
    { name: "a pattern of commands", plugin: gitPlugin, text: one("{ command: 'remote-*' }") },
    { name: "a variable that is let through", plugin: gitPlugin, text: one("{ env: { LC_ALL: C } }") },
    {
      name: "a variable that is set so",
      plugin: gitPlugin,
      text: `${one("{ env: { A: b } }")}\nenv: { set: { A: b } }`,
    },
    {
      name: "an option that a declared grammar has",
      plugin: jq,
      text: `${one("{ options: -r }")}\ngrammar: { commands: false, flags: ["--raw,-r"] }`,
    },
  ])("about $name is sound", ({ plugin, text }) => {
    expect(warningsOf(plugin, text)).toEqual([]);
  });

  test.each([
    { folder: "/w/x", isStray: false },
    { folder: "/", isStray: false },
    { folder: "/w*", isStray: false },
    { folder: "/*/x", isStray: false },
    { folder: "/wide", isStray: true },
    { folder: "/other/*", isStray: true },
  ])("about the folder $folder, where the root is /w: $isStray", ({ folder, isStray }) => {
    const config = parseConfig(`plugin: git\n${one(`{ cwd: '${folder}' }`)}\nroots: [/w]\n`, "x.yaml");
    expect(strayFolderWarnings(config, ["/w"]).map(({ message }) => message)).toEqual(
      isStray ? [`The rule "r" has the folder "${folder}", where no call is made: roots has "/w"`] : [],
    );
  });
});
