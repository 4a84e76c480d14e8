import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { commandOptions, knownCommands } from "../../plugins/git/command-options.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "options-"));
afterAll(() => rmSync(folder, { recursive: true }));

function complaint(args: readonly string[]): string {
  const { stderr } = Bun.spawnSync(["git", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "/usr/bin", HOME: folder, LC_ALL: "C", GIT_EDITOR: "true" },
    stdin: "ignore",
    timeout: 10_000,
  });
  return stderr.toString();
}

complaint(["init", "-q"]);

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

/** PARSE_OPT_KEEP_UNKNOWN_OPT: these complain later, or not at all. */
const KEEP_UNKNOWN = new Set(["cherry-pick", "revert"]);

const forms = knownCommands().map((command) => ({
  command,
  options: [...new Set(commandOptions(command)?.byName.values())].flatMap(({ names, value }) =>
    names
      .filter((name) => name !== "--help" && name !== "--help-all" && name !== "-h")
      .map((name) => ({ name, value })),
  ),
}));

// Both are refused while git reads its options, before it does anything; an option that this git lacks tells nothing.
test.each(forms)(
  "git $command takes a value where the table says so, and none where it does not",
  ({ command, options }) => {
    let told = 0;
    for (const { name, value } of options) {
      const bare = name.replace(/^-+/u, "");
      const words = command.split(" ");
      if (value !== "required" && !KEEP_UNKNOWN.has(command)) {
        // What follows is read as an option, and not as the value of this one.
        const said = complaint([...words, name, "--zzz"]);
        if (!said.includes("unknown switch") && !said.includes(`unknown option \`${bare}'`)) {
          expect({ name, said }).toEqual({ name, said: expect.stringContaining("unknown option `zzz'") });
        }
      }
      if (value === "none" && name.startsWith("--")) {
        const said = complaint([...words, `${name}=zzz`]);
        if (!said.includes("unknown option")) {
          expect({ name, said }).toEqual({ name, said: expect.stringContaining(`\`${bare}' takes no value`) });
          told++;
        }
      } else if (value === "required" && !OPTIONAL_AT_THE_END.has(name)) {
        const said = complaint([...words, name]);
        if (!said.includes("unknown option") && !said.includes("unknown switch")) {
          expect({ name, said }).toEqual({ name, said: expect.stringMatching(/' requires a value/u) });
          told++;
        }
      }
    }
    expect(told).toBeGreaterThan(0);
  },
);
