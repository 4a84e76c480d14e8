import { expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";

import { commandOptions, knownCommands } from "../../plugins/git/command-options.ts";
import { readGitInvocation } from "../../plugins/git/invocation.ts";
import { SUBCOMMANDS } from "../../plugins/git/subcommands.ts";
import { canonicalArguments, optionWord } from "../../src/policy/canonical.ts";
import type { Config } from "../../src/policy/config.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { parseConfig } from "../../src/policy/load.ts";
import { opposite, type OptionForm, type OptionTable } from "../../src/policy/option-table.ts";
import { shortest } from "./shortest-option.ts";

setDefaultTimeout(60_000);

/** Draws numbers below a limit. */
type Pick = (below: number) => number;

interface Given {
  readonly form: OptionForm;
  readonly value: string | undefined;
  readonly isNegated: boolean;
}

/** A word that more letters of a cluster may follow: a flag's short name. */
interface Spelt {
  readonly words: readonly string[];
  readonly letter: string | undefined;
  /** The short name, with its value glued to it or in the next word: it may end a cluster. */
  readonly ending: boolean;
}

const commands = knownCommands().map((command) => {
  const table = commandOptions(command);
  if (table === undefined) {
    throw new Error(`${command} has no table`);
  }
  const forms = [...new Set(table.byName.values())].filter(
    ({ names, value }) => value !== "uncertain" && !names.includes("--help-all"),
  );
  return { command, table, forms };
});

test("git's tables know the options of at least 200 commands and subcommands", () => {
  expect(commands.length).toBeGreaterThanOrEqual(200);
});

test("every spelling of one git command gets the same decision, and normalised twice it is as normalised once", () => {
  fc.assert(
    fc.property(
      // Behind `git remote` alone a word is a subcommand.
      fc.constantFrom(
        ...commands.filter(({ command }) => SUBCOMMANDS.get(command)?.names !== undefined || !SUBCOMMANDS.has(command)),
      ),
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.array(fc.constantFrom("main", "src/a", "src/b", "A..B"), { maxLength: 3 }),
      fc.infiniteStream(fc.nat(9_999)),
      ({ command, table, forms }, chosen, positionals, picks) => {
        const pick: Pick = (below) => (picks.next().value ?? 0) % below;
        const given = chosen
          .map((index) => forms[index % (forms.length || 1)])
          .filter((form) => form !== undefined)
          .map((form) => give(form, table, pick));
        const plain = [...command.split(" "), ...given.map(plainWord), "--", ...positionals];
        const spelt = spell(command, table, given, positionals, pick);
        const config = configFor(command, given[pick(given.length || 1)]);
        expect({ spelt, decision: decide(config, spelt) }).toEqual({ spelt, decision: decide(config, plain) });
        const once = canonicalArguments(readGitInvocation(spelt));
        expect(once && canonicalArguments(readGitInvocation(once))).toEqual(once);
      },
    ),
    { numRuns: 5000 },
  );
});

test("an option is found by its names, whole and as short as can be", () => {
  for (const { command, table, forms } of commands) {
    for (const form of forms) {
      const value = form.value === "required" ? "v" : undefined;
      for (const name of form.names.flatMap((name) => [name, shortest(table, name, form)])) {
        const glued = name.startsWith("--") ? `${name}=v` : `${name}v`;
        const reading = readGitInvocation([...command.split(" "), value === undefined ? name : glued]);
        const options = reading.kind === "command" ? reading.rest?.options : undefined;
        const found = options?.some((option) => option.names === form.names && option.value === value);
        expect({ command, name, found }).toEqual({ command, name, found: true });
      }
    }
  }
});

function give(form: OptionForm, table: OptionTable, pick: Pick): Given {
  const long = form.names.find((name) => name.startsWith("--"));
  // `--no-merged` is an option of its own.
  const isNegatable = table.hasNegations && long !== undefined && !table.byName.has(opposite(long));
  const isNegated = isNegatable && pick(6) === 0;
  const hasValue = !isNegated && (form.value === "required" || (form.value === "optional" && pick(2) === 0));
  return { form, isNegated, value: hasValue ? (form === table.number ? "5" : "v1") : undefined };
}

/** By its whole name, long where it has one. */
function plainWord({ form: { names }, value, isNegated }: Given): string {
  const name = names.find((candidate) => candidate.startsWith("--")) ?? names[0] ?? "";
  return optionWord({ names: [name], ...(value === undefined ? {} : { value }), ...(isNegated ? { isNegated } : {}) });
}

function spell(
  command: string,
  table: OptionTable,
  given: readonly Given[],
  positionals: readonly string[],
  pick: Pick,
): string[] {
  const spelt = given.map((one) => ({ one, spelt: spellOption(table, one, pick), at: pick(100) }));
  const parent = command.includes(" ") ? commandOptions(command.split(" ")[0] ?? "") : undefined;
  const mayPrecede = SUBCOMMANDS.get(command.split(" ")[0] ?? "")?.names === undefined;
  const isBefore = ({ form: { names }, isNegated }: Given): boolean =>
    mayPrecede &&
    (!isNegated || parent?.hasNegations === true) &&
    pick(2) === 0 &&
    names.every((name) => parent?.byName.get(name)?.names.join() === names.join());
  const before = spelt.filter(({ one }) => isBefore(one));
  const behind = spelt.filter((item) => !before.includes(item)).toSorted((a, b) => a.at - b.at);
  const split = table.endsAtPositional || pick(2) === 0 ? behind.length : pick(behind.length + 1);
  const options = (part: typeof behind): string[] =>
    cluster(
      part.map((item) => item.spelt),
      pick,
    );
  const [first = "", ...subcommand] = command.split(" ");
  const tail = split === behind.length && pick(2) === 0 ? ["--"] : [];
  const front = [[], ["--no-pager"], ["-c", "color.ui=never"], ["-C", ".", "-C", "sub"]][pick(4)] ?? [];
  const words = [...options(behind.slice(0, split)), ...tail, ...positionals, ...options(behind.slice(split))];
  const isLeftOut = SUBCOMMANDS.get(first)?.implied === subcommand[0] && words[0]?.startsWith("-") === true;
  return [
    ...front,
    first,
    ...before.flatMap((item) => item.spelt.words),
    ...(isLeftOut && before.length === 0 && !mayPrecede && pick(2) === 0 ? [] : subcommand),
    ...words,
  ];
}

function spellOption(table: OptionTable, { form, value, isNegated }: Given, pick: Pick): Spelt {
  const longs = form.names.filter((name) => name.startsWith("--"));
  const none = { letter: undefined, ending: false };
  if (isNegated) {
    const name = longs[0] ?? "";
    return { ...none, words: [opposite(name)] };
  }
  if (form === table.number && pick(3) === 0) {
    return { ...none, words: [`-${value}`] };
  }
  const name = form.names[pick(form.names.length)] ?? "";
  const isSeparate =
    value !== undefined && form.value === "required" && table.separateValues !== "never" && pick(2) === 0;
  if (!name.startsWith("--")) {
    const words = isSeparate ? [name, value ?? ""] : [`${name}${value ?? ""}`];
    return { words, letter: value === undefined && form.value === "none" ? name[1] : undefined, ending: true };
  }
  const written = pick(2) === 0 ? shortest(table, name, form) : name;
  return {
    ...none,
    words: isSeparate ? [written, value ?? ""] : [value === undefined ? written : `${written}=${value}`],
  };
}

/** Puts neighbours that are flags by one letter into one word, with what may end such a word. */
function cluster(spelt: readonly Spelt[], pick: Pick): string[] {
  const words: string[] = [];
  let open: string | undefined;
  for (const {
    words: [first = "", ...others],
    letter,
    ending,
  } of spelt) {
    if (open !== undefined && ending && pick(2) === 0) {
      words.splice(-1, 1, `${open}${first.slice(1)}`, ...others);
    } else {
      words.push(first, ...others);
    }
    open = letter === undefined ? undefined : (words.at(-1) ?? "");
  }
  return words;
}

const TEMPLATE = parseConfig(
  `plugin: git
rules:
  - { id: option, match: { command: COMMAND, options: --OPTION, not: { arguments: src/b } }, decision: deny }
  - { id: valued, match: { command: COMMAND, options: "--OPTION=v*" }, decision: ask }
  - { id: some, match: { command: COMMAND, arguments: { prefix: A. } }, decision: ask }
  - { id: every, match: { command: COMMAND, every_argument: src/* }, decision: allow }
  - { id: rest, match: { command: COMMAND }, decision: deny }
`,
  "git.yaml",
);

/** The rules of the template about this command and option: to read YAML for each of them would take too long. */
function configFor(command: string, given: Given | undefined): Config {
  const words = command.split(" ").map((text) => ({ kind: "exact" as const, text }));
  const name = given?.form.names[0] ?? "--none";
  const ordered = TEMPLATE.rules.ordered.map((rule) => {
    const commands = rule.match.commands?.map((pattern) => ({ ...pattern, words }));
    const options = rule.match.options?.map((pattern) => ({ ...pattern, name }));
    return { ...rule, match: { ...rule.match, ...(commands && { commands }), ...(options && { options }) } };
  });
  return { ...TEMPLATE, rules: { ...TEMPLATE.rules, ordered } };
}

function decide(config: Config, args: readonly string[]): string {
  const { effect, rule } = evaluate(config, readGitInvocation, { args, cwd: "/w" }, ["/w"]);
  return `${effect} ${rule}`;
}
