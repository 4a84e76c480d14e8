import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { commandOptions, knownCommands } from "../../plugins/git/command-options.ts";
import { readGitInvocation } from "../../plugins/git/invocation.ts";
import { opposite } from "../../src/policy/option-table.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "completion-"));
afterAll(() => rmSync(folder, { recursive: true }));

function git(...args: readonly string[]): string {
  const { stdout } = Bun.spawnSync(["git", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "/usr/bin", HOME: folder, LC_ALL: "C" },
    stdin: "ignore",
    stderr: "ignore",
    timeout: 10_000,
  });
  return stdout.toString();
}

git("init", "-q");
git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "x");

/** The release whose lists the tables were made from; the options of others may be more or fewer. */
const isBase = / 2\.39\./.test(git("--version"));

/** What git lists for completion: an option that takes a value ends with `=`, unless the value may be left out. */
const listed = knownCommands()
  .map((command) => ({
    command,
    options: git(...command.split(" "), "--git-completion-helper-all")
      .split(/\s+/u)
      .filter((word) => /^--./u.test(word) && word !== "--git-completion-helper-all"),
  }))
  .filter(({ options }) => options.length > 0);

/** PARSE_OPT_LASTARG_DEFAULT: listed without `=`, and yet the next word is the value. */
const VALUE_AT_THE_END_OPTIONAL = new Set(
  "--contains --with --no-contains --without --merged --no-merged --points-at".split(" "),
);
/** A callback of its own kind, which the list takes for a flag. */
const LISTED_AS_FLAGS = new Set(["merge --file"]);

test("git lists the options of at least 140 of the commands here", () => {
  expect(listed.length).toBeGreaterThanOrEqual(140);
});

describe.each(listed)("git $command", ({ command, options }) => {
  const table = commandOptions(command);
  const find = (name: string): object | undefined => table?.byName.get(name) ?? table?.byName.get(opposite(name));

  test("takes a value where git's own list says so", () => {
    for (const written of options) {
      const name = written.replace(/=$/u, "");
      const form = table?.byName.get(name);
      if (form === undefined || VALUE_AT_THE_END_OPTIONAL.has(name) || LISTED_AS_FLAGS.has(`${command} ${name}`)) {
        continue;
      }
      // `=` may stand at an option whose value may be left out too.
      const unexpected = written.endsWith("=") ? "none" : "required";
      expect({ name, value: form.value }).not.toEqual({ name, value: unexpected });
    }
  });

  test("an option that only git lists makes the call unclear, and git 2.39 lists none such", () => {
    const missing = options.filter((written) => find(written.replace(/=$/u, "")) === undefined);
    for (const written of missing) {
      const reading = readGitInvocation([...command.split(" "), written]);
      const doubts = reading.kind === "command" ? reading.rest?.doubts : undefined;
      expect({ written, doubt: doubts?.options?.argument }).toEqual({ written, doubt: written });
    }
    if (isBase) {
      expect(missing).toEqual([]);
    }
  });
});
