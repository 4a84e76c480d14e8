import { expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";

import { ALIASES, COMMANDS, commandsOf } from "../../plugins/npm/commands.ts";
import { readNpmInvocation } from "../../plugins/npm/invocation.ts";
import { OPTIONS, SHORTHANDS } from "../../plugins/npm/options.ts";
import { canonicalArguments } from "../../src/policy/canonical.ts";
import type { Config } from "../../src/policy/config.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { parseConfig } from "../../src/policy/load.ts";

setDefaultTimeout(60_000);

type Words = readonly string[];

/** Every word that npm takes for one command: its name, aliases, abbreviations and camelCase. */
const spellings = new Map(COMMANDS.map((command) => [command, namesOf(command)]));

function namesOf(command: string): string[] {
  const names = [command, ...[...ALIASES].filter(([, name]) => name === command).map(([alias]) => alias)];
  const shortened = names.flatMap((name) => Array.from(name, (_, index) => name.slice(0, index + 1)));
  const camel = names.map((name) => name.replaceAll(/-([a-z])/gu, (_, letter: string) => letter.toUpperCase()));
  return [...new Set([...shortened, ...camel])].filter((word) => commandsOf(word).join() === command);
}

const lasting = [...OPTIONS].filter(([, { isEverywhere }]) => isEverywhere);
const flags = lasting.filter(([, { members }]) => [...members].join() === "Boolean").map(([name]) => name);
const valued = lasting
  .filter(([, { members }]) => /^(null,)?(String|Value)(,Array)?$/u.test([...members].join()))
  .map(([name]) => name);

/** Flags that make npm do something else than the command says. */
const PRINTING = new Set(["version", "versions", "usage"]);

test("npm's commands have at least 180 spellings, and its options at least 120 that can be written in several ways", () => {
  expect([...spellings.values()].flat().length).toBeGreaterThanOrEqual(180);
  expect(flags.length + valued.length).toBeGreaterThanOrEqual(120);
});

/** What the option is short for, where all releases agree. */
function shortest(name: string): string {
  const prefixes = Array.from(name, (_, index) => name.slice(0, index + 1));
  return prefixes.find((prefix) => onlyOption(prefix) === name) ?? name;
}

function onlyOption(prefix: string): string | undefined {
  const reading = readNpmInvocation(["ping", `--${prefix}=x`, "x"]);
  const found = reading.kind === "command" && reading.rest?.doubts === undefined ? reading.rest?.options[0] : undefined;
  const isOption = !SHORTHANDS.has(prefix) && !Array.from(prefix).every((letter) => SHORTHANDS.has(letter));
  return isOption ? found?.names[0]?.slice(2) : undefined;
}

const shorts = new Map(lasting.map(([name]) => [name, shortest(name)]));
const letters = [...SHORTHANDS].filter(([name]) => name.length === 1);

/** One option: its plain spelling, then others. */
const flag = fc
  .tuple(fc.constantFrom(...flags.filter((name) => !PRINTING.has(name))), fc.boolean())
  .map(([name, isOn]): Words[] => {
    const short = shorts.get(name) ?? name;
    const on = [
      [`--${name}`],
      [`--${name}=true`],
      [`--${name}`, "true"],
      [`--no-no-${name}`],
      [`-${name}`],
      [`--${short}`],
    ];
    const off = [[`--no-${name}`], [`--${name}=false`], [`--${name}`, "false"], [`--no-${name}=true`], [`-no-${name}`]];
    const shorthand = letters.find(([, words]) => words.join() === `--${name}`);
    return isOn ? [...on, ...(shorthand === undefined ? [] : [[`-${shorthand[0]}`], [`--${shorthand[0]}`]])] : off;
  });
const option = fc.tuple(fc.constantFrom(...valued), fc.constantFrom("next", "value")).map(([name, value]): Words[] => {
  const short = shorts.get(name) ?? name;
  const shorthand = letters.find(([, words]) => words.join() === `--${name}`);
  const names = [`--${name}`, `-${name}`, `--${short}`, ...(shorthand === undefined ? [] : [`-${shorthand[0]}`])];
  return [[`--${name}=${value}`], ...names.flatMap((written) => [[`${written}=${value}`], [written, value]])];
});

test("every spelling of one npm command gets the same decision, and normalised twice it is as normalised once", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...COMMANDS),
      fc.uniqueArray(fc.oneof(flag, option), { maxLength: 4, selector: ([plain]) => plain?.[0]?.replace(/=.*/u, "") }),
      fc.array(fc.constantFrom("lodash", "@acme/a@1", "x@npm:lodash", "./dir"), { maxLength: 3 }),
      fc.infiniteStream(fc.nat(9_999)),
      (command, options, positionals, picks) => {
        const pick = (below: number): number => (picks.next().value ?? 0) % below;
        const plain = [command, ...options.flatMap(([first = []]) => first), "--", ...positionals];
        const words = [spellings.get(command)?.[pick(spellings.get(command)?.length ?? 1)] ?? command, ...positionals];
        // A flag takes a `true` behind it, and nothing else; what has a value has it already.
        const parts: Words[] = words.map((word) => [word]);
        for (const ways of options) {
          parts.splice(pick(parts.length + 1), 0, ways[pick(ways.length)] ?? []);
        }
        const spelt = parts.flat();
        const config = configFor(command, options[pick(options.length || 1)]?.[0]?.[0]);
        expect({ spelt, decision: decide(config, spelt) }).toEqual({ spelt, decision: decide(config, plain) });
        const once = canonicalArguments(readNpmInvocation(spelt));
        expect(once && canonicalArguments(readNpmInvocation(once))).toEqual(once);
      },
    ),
    { numRuns: 5000 },
  );
});

test("glued shorthands are those shorthands", () => {
  const glueable = letters.filter(
    ([, [first = ""]]) => flags.includes(first.slice(2)) && !PRINTING.has(first.slice(2)),
  );
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...glueable), { minLength: 2 }), (chosen) => {
      const glued = `-${chosen.map(([letter]) => letter).join("")}`;
      const apart = chosen.map(([letter]) => `-${letter}`);
      expect(readNpmInvocation(["install", glued, "lodash"])).toEqual(
        readNpmInvocation(["install", ...apart, "lodash"]),
      );
    }),
  );
});

const TEMPLATE = parseConfig(
  `plugin: npm
rules:
  - { id: option, match: { command: COMMAND, options: --OPTION, not: { targets: lodash } }, decision: deny }
  - { id: some, match: { command: COMMAND, targets: "@acme/*" }, decision: ask }
  - { id: every, match: { command: COMMAND, every_argument: { prefix: x@ } }, decision: allow }
  - { id: rest, match: { command: COMMAND }, decision: deny }
`,
  "npm.yaml",
);

/** The rules of the template about this command and option: to read YAML for each of them would take too long. */
function configFor(command: string, plain = "--none"): Config {
  const words = [{ kind: "exact" as const, text: command }];
  const [name = ""] = plain.split("=");
  const ordered = TEMPLATE.rules.ordered.map((rule) => {
    const commands = rule.match.commands?.map((pattern) => ({ ...pattern, words }));
    const options = rule.match.options?.map((pattern) => ({ ...pattern, name }));
    return { ...rule, match: { ...rule.match, ...(commands && { commands }), ...(options && { options }) } };
  });
  return { ...TEMPLATE, rules: { ...TEMPLATE.rules, ordered } };
}

function decide(config: Config, args: Words): string {
  const { effect, rule } = evaluate(config, readNpmInvocation, { args, cwd: "/w" }, ["/w"]);
  return `${effect} ${rule}`;
}
