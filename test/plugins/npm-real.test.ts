import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";

import { ALIASES, COMMANDS, commandsOf } from "../../plugins/npm/commands.ts";
import { readCommandLine } from "../../plugins/npm/command-line.ts";
import { readNpmArguments } from "../../plugins/npm/grammar.ts";
import { OPTIONS, SHORTHANDS } from "../../plugins/npm/options.ts";
import { packagesOf } from "../../plugins/npm/package-spec.ts";
import { SUBCOMMAND_NAMES } from "../../plugins/npm/subcommands.ts";
import { NPM_LINES } from "./npm-lines.ts";
import { realNpms, type RealNpm } from "./real-npm.ts";

// Every line costs a fifth of a millisecond in npm's reader, and there are many.
setDefaultTimeout(30_000);

/** Abbreviations that one release resolves and that are short for something else too in another. */
const CONTESTED = ["ad", "he", "hel", "ho", "pa", "sh"];

/** Where our reading and that of the real npm lead to different commands; undefined when they do not. */
function difference(npm: RealNpm, args: readonly string[]): object | undefined {
  const real = npm.read(args);
  const ours = readNpmArguments(args);
  if (real.kind !== "command" || ours.kind === "unclear" || isLostStar(npm, args)) {
    // What npm refuses or only prints does no harm under any rule.
    return undefined;
  }
  return ours.kind === "command" && ours.command === real.command ? undefined : { args, real, ours };
}

/** npm 12 has no `star`, and takes it for `start`. */
function isLostStar(npm: RealNpm, args: readonly string[]): boolean {
  return !npm.commands.includes("star") && args.includes("star");
}

const optionNames = [...OPTIONS.keys()];
const values = ["publish", "pu", "true", "false", "null", "always", "low", "3", "-f", "--force", "--", "-", ""];

/** Every option in every form in front of every kind of value. */
const everyForm = optionNames.flatMap((name) =>
  [`--${name}`, `--no-${name}`].flatMap((option) =>
    values.flatMap((value) => [
      [option, value, "install", "test"],
      [`${option}=${value}`, "install", "test"],
    ]),
  ),
);

const everyPrefix = [...optionNames, ...SHORTHANDS.keys()].flatMap((name) =>
  prefixes(name).flatMap((prefix) => [
    [`--${prefix}`, "install", "test"],
    [`--no-${prefix}=publish`, "install", "test"],
  ]),
);

const lasting = [...OPTIONS].filter(([, { isEverywhere }]) => isEverywhere).map(([name]) => name);
const word = fc.constantFrom("publish", "install", "true", "false", "null", "x", "3", "--", "-", "", "low", "always");
const flags = fc.constantFrom("--help", "-h", "-?", "--version", "-v", "--versions", "--no-version", "--usage=false");
const shorthand = fc.constantFrom(...[...SHORTHANDS.keys()].flatMap((name) => [`-${name}`, `--${name}`]));
const option = fc
  .tuple(
    fc.constantFrom("--", "-", "--no-"),
    fc.constantFrom(...lasting),
    fc.constantFrom("", "", "=x", "=true", "=-f"),
  )
  .map((parts) => parts.join(""))
  .filter((written) => !written.includes("no-local-address"));
const odd = fc.constantFrom(
  "--=publish",
  "-=publish",
  "-gf",
  "-wf",
  "-Cw",
  "--forc",
  "--ver",
  "--new",
  "--new=x",
  "---",
);

describe.each(realNpms().map((npm) => ({ version: npm.version, npm })))("like npm $version", ({ npm }) => {
  test("every command, alias and prefix of one is resolved to the same command", () => {
    const names = [...npm.commands, ...Object.keys(npm.aliases), ...COMMANDS, ...ALIASES.keys()];
    for (const name of new Set(names.flatMap(prefixes))) {
      const real = npm.deref(name);
      const ours = commandsOf(name);
      if (real !== undefined && !isLostStar(npm, [name])) {
        expect({ name, ours }).toEqual({
          name,
          ours: CONTESTED.includes(name) ? expect.arrayContaining([real]) : [real],
        });
      }
    }
  });

  test("the lines of the manual run the command that the table says, where this release has it", () => {
    const lines = Object.values(NPM_LINES).flat();
    expect(lines.map((line) => difference(npm, line.split(" "))).filter((found) => found !== undefined)).toEqual([]);
  });

  test("an option that is not known here leaves the command behind it unclear", () => {
    for (const name of npm.options.filter((candidate) => !OPTIONS.has(candidate))) {
      expect(readNpmArguments([`--${name}`, "publish"]).kind).toBe("unclear");
    }
    expect(npm.shorthands.toSorted()).toEqual([...SHORTHANDS.keys()].toSorted());
  });

  test(`every option in every form, and every prefix of one: ${everyForm.length + everyPrefix.length} lines`, () => {
    const found = [...everyForm, ...everyPrefix].map((args) => difference(npm, args));
    expect(found.filter((one) => one !== undefined)).toEqual([]);
  });

  test("lines of options that all releases have are read exactly", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(option, shorthand, word, flags), { maxLength: 7 }), (args) => {
        const real = npm.read(args);
        const ours = readNpmArguments(args);
        const kind = ours.kind === "command" && /^(help|version)$/u.test(ours.command) ? "none" : ours.kind;
        const expected = ({ command: "command", prints: "none", refused: kind } as const)[real.kind];
        expect({ args, kind, difference: difference(npm, args) }).toEqual({
          args,
          kind: expected,
          difference: undefined,
        });
      }),
      { numRuns: 1000 },
    );
  });

  test("the options and words of a line are those that npm reads in it", () => {
    const anything = fc.oneof(option, shorthand, word, odd);
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 7 }), (args) => {
        const { words, options, doubt, unread } = readCommandLine(args);
        fc.pre(doubt === undefined && unread === undefined);
        const real = npm.parse(args);
        expect({ args, words }).toEqual({ args, words: real.words });
        const last = new Map(options.map((given) => [given.names[0]?.slice(2) ?? "", given]));
        for (const [name, { value, isNegated }] of last) {
          const found = real.options[name];
          if (typeof found === "boolean") {
            expect({ args, name, isOn: isNegated !== true }).toEqual({ args, name, isOn: found });
          } else if (
            value !== undefined &&
            typeof found === "string" &&
            OPTIONS.get(name)?.members.has("String") === true
          ) {
            // To take back what is no flag is to give it this word.
            expect({ args, name, value: isNegated === true ? "false" : value }).toEqual({ args, name, value: found });
          }
        }
        for (const [name, value] of Object.entries(real.options)) {
          if (OPTIONS.has(name) && value !== undefined) {
            expect({ args, name, isRead: last.has(name) }).toEqual({ args, name, isRead: true });
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("a package argument names what npm takes it for, and more where it comes from elsewhere", () => {
    const part = fc.constantFrom(
      "lodash",
      "@acme/a",
      "@",
      "npm:",
      "github:",
      "acme/a",
      "./a",
      "a.tgz",
      "1.2",
      "^4",
      "#b",
      "git@x.example:",
      "https://x.example/",
      ".",
      "~/",
      "Aa",
      "a b",
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const spec = parts.join("");
        const real = npm.packageOf(spec);
        fc.pre(real !== undefined);
        const ours = packagesOf(spec);
        expect({ spec, ours }).toEqual({ spec, ours: expect.arrayContaining(real?.names ?? []) });
        if (real !== undefined && !real.isNamed) {
          expect({ spec, ours }).not.toEqual({ spec, ours: real.names });
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("every other name of a subcommand is one in the source of its command", () => {
    for (const [command, name] of SUBCOMMAND_NAMES) {
      const source = npm.sourceOf(command);
      if (source !== undefined) {
        expect({ command, name, isThere: source.includes(`'${name}'`) }).toEqual({ command, name, isThere: true });
      }
    }
  });

  test("lines of anything never lead to another command than the real one", () => {
    const anything = fc.oneof(
      option,
      shorthand,
      word,
      flags,
      odd,
      fc.constantFrom(...optionNames.map((name) => `--${name}`)),
    );
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 7 }), (args) => {
        expect(difference(npm, args)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

function prefixes(name: string): string[] {
  return Array.from({ length: name.length }, (_, index) => name.slice(0, index + 1));
}
