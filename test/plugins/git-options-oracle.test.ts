import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { commandOptions, knownCommands } from "../../plugins/git/command-options.ts";
import { type OptionForm, type OptionTable } from "../../src/policy/option-table.ts";
import { shortest } from "./shortest-option.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "options-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function complaint(args: readonly string[]): Promise<string> {
  const child = Bun.spawn(["git", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "/usr/bin", HOME: folder, LC_ALL: "C", GIT_EDITOR: "true" },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 10_000,
  });
  return await child.stderr.text();
}

await complaint(["init", "-q"]);
await complaint(["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "x"]);

/** PARSE_OPT_LASTARG_DEFAULT: the value may be missing where nothing follows. The table calls such a line unclear. */
const OPTIONAL_AT_THE_END = new Set([
  "--contains",
  "--with",
  "--no-contains",
  "--without",
  "--merged",
  "--no-merged",
  "--points-at",
]);

interface Written {
  readonly form: OptionForm;
  readonly name: string;
  /** The shortest word that the table takes for it. */
  readonly short: string;
}

function optionsOf(table: OptionTable): Written[] {
  return [...table.byName]
    .filter(([name]) => !/^(--help(-all)?|-h)$/u.test(name))
    .map(([name, form]) => ({ form, name, short: shortest(table, name, form) }));
}

/** What git must say of an option in its shortest form, before it does anything. */
function expectation(
  words: readonly string[],
  { form: { value }, name, short }: Written,
): [string[], string] | undefined {
  if (value === "uncertain") {
    return undefined;
  }
  if (value === "none" && name.startsWith("--")) {
    return [[...words, `${short}=zzz`], "' takes no value"];
  }
  if (value === "required") {
    return OPTIONAL_AT_THE_END.has(name) ? undefined : [[...words, short], "' requires a value"];
  }
  // What follows is read as an option, and not as the value of this one.
  return [[...words, short, "--zzz"], "unknown option `zzz'"];
}

/** Commands by parse-options.c alone: options are shortened, and what it does not know it refuses. */
const plain = knownCommands()
  .map((command) => ({ command, table: commandOptions(command) }))
  .filter(({ command, table }) => table?.longNames !== undefined && !/^(annotate|blame|shortlog)$/u.test(command));

/** What is refused does no harm, however it is read: options and commands that this git lacks, and words short for two. */
const REFUSED =
  /(unknown|invalid) (option|switch|subcommand)|unrecognized argument|ambiguous (option|argument)|is not a git command|does not contain a section|must be in a sparse/u;

// An option that this git lacks tells nothing.
test("git takes every option in the shortest form that the tables read, and a value where they say so", async () => {
  const asked = plain.flatMap(({ command, table }) =>
    (table === undefined ? [] : optionsOf(table)).flatMap((written) => {
      const found = expectation(command.split(" "), written);
      return found === undefined ? [] : [{ command, name: written.name, args: found[0], expected: found[1] }];
    }),
  );
  const wrong: object[] = [];
  let told = 0;
  await inParallel(asked, async ({ command, name, args, expected }) => {
    const said = await complaint(args);
    if (said.includes(expected)) {
      told++;
    } else if (!REFUSED.test(said)) {
      wrong.push({ command, name, args, said: said.slice(0, 100) });
    }
  });
  expect(wrong).toEqual([]);
  expect(told).toBeGreaterThan(1000);
});

/** What git says of an option that is right but for what it needs beside it. */
const ALONE = /without MERGE_HEAD|makes no sense without|requires exactly one pathspec|^usage: git diff /u;

// These have a parser of their own beside that, which says other things, and knows no short forms.
test.each(["log", "diff", "blame", "shortlog"])(
  "git %s takes a value where the table says so, and none where it does not",
  async (command) => {
    const table = commandOptions(command);
    const wrong: object[] = [];
    let told = 0;
    await inParallel(table === undefined ? [] : optionsOf(table), async ({ name, form: { value } }) => {
      const isRequired = value === "required";
      const said = await complaint([command, name, ...(isRequired ? [] : ["--zzz"])]);
      if (isRequired ? /requires (a value|an argument)|bad --default/u.test(said) : said.includes("-zzz")) {
        told++;
        if (isRequired && (await complaint([command, name, "zzz", "--zzz"])).includes("ambiguous argument 'zzz'")) {
          wrong.push({ name, said: "its value is not the next word" });
        }
      } else if (!REFUSED.test(said) && !ALONE.test(said)) {
        wrong.push({ name, said });
      }
    });
    expect(wrong).toEqual([]);
    expect(told).toBeGreaterThan(180);
  },
);

/** As many at a time as keep two processors busy. */
async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const one = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: 4 }, one));
}
