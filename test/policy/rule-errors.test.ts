import { describe, expect, test } from "bun:test";

import { readGitInvocation } from "../../plugins/git/invocation.ts";
import { parseConfig, type ConfigError } from "../../src/policy/load.ts";
import { configWarnings } from "../../src/policy/warnings.ts";

const PATTERN = "text, in which * stands for any characters and ? for one, or {exact: …}, {glob: …} or {prefix: …}";

describe("parseConfig says what is wrong with a rule, where, and what is accepted", () => {
  test.each([
    {
      name: "a rule without a decision",
      text: "rules: [{ match: { command: push } }]",
      errors: ["2:9: decision of an item of rules is missing"],
    },
    {
      name: "a misspelt decision",
      text: "rules: [{ decision: denny }]",
      errors: [
        '2:21: decision of an item of rules must be "allow" or "deny" or "ask", found "denny"; did you mean "deny"?',
      ],
    },
    {
      name: "misspelt keys of a rule, its conditions and their opposite",
      text: "rules:\n  ordered:\n    - { desision: deny, match: { comand: push, not: { target: x } } }",
      errors: [
        '4:9: Unknown key "desision" in an item of rules.ordered; did you mean "decision"?',
        '4:34: Unknown key "comand" in match of an item of rules.ordered; did you mean "command"?',
        '4:55: Unknown key "target" in match.not of an item of rules.ordered; did you mean "targets"?',
      ],
    },
    {
      name: "a list where the conditions belong",
      text: "rules: [{ decision: deny, match: [push] }]",
      errors: ["2:34: match of an item of rules must be a map, found a list"],
    },
    {
      name: "an option without its dash, and one that is a number",
      text: "rules: [{ decision: deny, match: { options: [force, 5] } }]",
      errors: [
        '2:46: An item of match.options of an item of rules must be an option, such as --force, -f or --file=*, found "force"',
        "2:53: An item of match.options of an item of rules must be an option, such as --force, -f or --file=*, found the number 5; put it in quotes",
      ],
    },
    {
      name: "an empty list of commands, which nothing could match",
      text: "rules: [{ decision: deny, match: { command: [] } }]",
      errors: [
        "2:45: match.command of an item of rules must be a command, or a list of commands, at least one, found an empty list",
      ],
    },
    {
      name: "patterns of a kind that there is not",
      text: "rules: [{ decision: deny, match: { targets: { regex: '(a+)+' }, arguments: 5 } }]",
      errors: [
        `2:45: match.targets of an item of rules must be ${PATTERN}, found a map`,
        '2:47: Unknown key "regex" in match.targets of an item of rules; the keys are exact, glob, prefix',
        `2:76: match.arguments of an item of rules must be ${PATTERN}, found the number 5; put it in quotes`,
      ],
    },
    {
      name: "ids that are there twice, or belong to every config",
      text: "rules:\n  - { id: a, decision: deny }\n  - { id: a, decision: deny }\n  - { id: roots, decision: deny }\n  - { id: rule-5, decision: allow }\n  - { decision: allow }",
      errors: [
        '4:11: A rule cannot have the id "a", as an earlier rule has; take another',
        '5:11: A rule cannot have the id "roots", which is the name of a rule of every config; take another',
        '7:5: A rule cannot have the id "rule-5", as an earlier rule has; take another',
      ],
    },
    {
      name: "a case that names a rule of another config",
      text: "rules: [{ id: no-force, decision: deny }]\ncases: [{ run: a, expect: deny, rule: noforce }, { run: a, expect: deny, rule: zzzzzzzz }]",
      errors: [
        '3:39: A case names the rule "noforce", which this config does not have; did you mean "no-force"?',
        '3:80: A case names the rule "zzzzzzzz", which this config does not have; there are roots, unclear, blocked_commands, allowed_commands, blocked_branches, allowed_branch_patterns, default, no-force',
      ],
    },
    {
      name: "a reason of two lines, and one that is too long",
      text: `rules: [{ decision: deny, reason: "a\\nb" }, { decision: deny, hint: ${"x".repeat(161)} }]`,
      errors: [
        '2:35: reason of an item of rules must be one line of 1 to 160 printable characters, found "a\\x0ab"',
        expect.stringContaining("hint of an item of rules must be one line of 1 to 160 printable characters"),
      ],
    },
    {
      name: "names that would be lost, so that a condition would hold always",
      text: "rules: [{ decision: allow, match: { env: { __proto__: x } } }]\ncases: [{ run: a, expect: deny, env: { constructor: x } }]",
      errors: [
        '2:44: match.env of an item of rules cannot have the name "__proto__"',
        '3:40: env of an item of cases cannot have the name "constructor"',
      ],
    },
    {
      name: "a grammar with words in the wrong places",
      text: "grammar: { flags: [force], commands: yes, aliases: [i], options_with_values: [-f] }",
      errors: [
        expect.stringContaining(
          'An item of grammar.flags must be an option, such as --file, or its names, as in --file,-f, found "force"',
        ),
        '2:38: grammar.commands must be true or false, found "yes"',
        "2:52: grammar.aliases must be a map of commands, found a list",
        '2:57: Unknown key "options_with_values" in grammar; did you mean "options_with_value"?',
      ],
    },
  ])("$name", ({ text, errors }) => {
    const found = errorsOf(`plugin: git\n${text}\n`);
    expect(found).toEqual([...errors] as string[]);
  });

  test("a reason of 160 characters is accepted", () => {
    expect(errorsOf(`plugin: git\nrules: [{ decision: deny, reason: ${"x".repeat(160)} }]`)).toEqual([]);
  });
});

describe("configWarnings about rules", () => {
  test.each([
    {
      name: "a rule behind one that takes everything",
      text: "rules:\n  - { id: all, decision: deny }\n  - { id: late, match: { command: push }, decision: allow }",
      warnings: ['4:5: The rule "late" never decides: "all" on line 3 takes all that it matches'],
    },
    {
      name: "a rule behind a wider one",
      text: "rules:\n  - { id: wide, match: { command: 'p*' }, decision: deny }\n  - { id: narrow, match: { command: [push, pull], options: -f }, decision: allow }",
      warnings: ['4:5: The rule "narrow" never decides: "wide" on line 3 takes all that it matches'],
    },
    {
      name: "a rule that takes back all that it matches",
      text: "rules:\n  - { id: a, match: { command: push, not: { command: p* } }, decision: deny }\n  - { id: b, match: { not: {} }, decision: deny }",
      warnings: [
        '3:5: The rule "a" never decides: its "not" takes back all that it matches',
        '4:5: The rule "b" never decides: its "not" takes back all that it matches',
      ],
    },
    {
      name: "rules that only overlap",
      text: "rules:\n  - { match: { command: push, options: -f }, decision: deny }\n  - { match: { command: push }, decision: ask }",
      warnings: [],
    },
    {
      name: "a short form behind a rule of the config's own",
      text: "rules:\n  ordered: [{ id: p, match: { command: push }, decision: allow }]\n  blocked_commands: [push]",
      warnings: ['4:3: The rule "blocked_commands" never decides: "p" on line 3 takes all that it matches'],
    },
    {
      name: "options and commands that git does not have",
      text: "rules:\n  - { id: a, match: { command: push, options: [--forse, --signed, -o] }, decision: deny }\n  - { id: b, match: { command: stage }, decision: deny }",
      warnings: [
        '3:5: The rule "a" has the option "--forse", which "push" is not known to have: such calls are refused as unclear',
        '4:5: The rule "b" has the command "stage", which is never read as one; write "add"',
      ],
    },
    {
      name: "a config that refuses nothing",
      text: "enforcement: audit\nrules: { blocked_commands: [push] }",
      warnings: ["2:1: enforcement: audit refuses nothing: what the rules say is only written to the log"],
    },
  ])("$name", ({ text, warnings }) => {
    const found = configWarnings(parseConfig(`plugin: git\n${text}\n`, "git.yaml"), readGitInvocation);
    expect(found.map(({ place, message }) => `${place.line}:${place.column}: ${message}`)).toEqual([...warnings]);
  });
});

test("configWarnings says when a short form about branches means nothing for a tool", () => {
  const config = parseConfig("plugin: npm\nrules: { blocked_branches: [main] }\n", "npm.yaml");
  const found = configWarnings(config, ([first]) =>
    first === undefined ? { kind: "none" } : { kind: "command", command: first },
  );
  expect(found.map(({ message }) => message)).toEqual([
    "blocked_branches means nothing here: the grammar of npm does not tell which branches a push changes",
  ]);
});

function errorsOf(text: string): string[] {
  try {
    parseConfig(text, "git.yaml");
    return [];
  } catch (error) {
    return (error as ConfigError).message.split("\n").map((line) => line.replace("git.yaml:", ""));
  }
}
