import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import type { PluginProcess } from "../helpers/plugin.ts";
import { shellDirect } from "../helpers/shell.ts";
import { hasTmux, isThere, Terminal } from "../helpers/tmux.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

const ENVIRONMENT = {
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.org",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.org",
};
const CONFIG = "env:\n  pass: ['GIT_*', TERM, LANG]\n";
const hasVi = isThere("vi", "the tests that need an editor");
const hasLess = isThere("less", "the tests that need a pager");

/** A terminal in a repository with one committed file of two hunks' distance, both changed. */
async function openRepository(plugin: PluginProcess): Promise<Terminal> {
  const script = `git init -q . && seq 40 >file && git add file && git commit -qm first
sed -i -e 's/^3$/three/' -e 's/^33$/thirty-three/' file`;
  expect((await shellDirect(plugin, script, { env: ENVIRONMENT })).stderr).toBe("");
  return await Terminal.open("/bin/sh", plugin.workspace, {
    ...ENVIRONMENT,
    PATH: `${plugin.wrappers}:/usr/local/bin:/usr/bin:/bin`,
    PLUGIN_SOCKETS: `${plugin.folder}/s`,
  });
}

describe.skipIf(!hasTmux).each(CARRIERS)("git in a terminal over $carrier", ({ stdio }) => {
  test("git add -p asks for each hunk and stages what was chosen", async () => {
    await using plugin = await startPlugin({ tool: "git", stdio, config: CONFIG });
    await using terminal = await openRepository(plugin);
    await terminal.type("git add -p; echo status $?");
    await terminal.shows(/\(1\/2\) Stage this hunk/u);
    await terminal.type("n");
    await terminal.shows(/\(2\/2\) Stage this hunk/u);
    await terminal.type("y");
    await terminal.shows("status 0");
    const { stdout } = await shellDirect(plugin, "git diff --cached -U0 | tail -2");
    expect(stdout).toBe("-33\n+thirty-three\n");
  });

  test.skipIf(!hasVi)("git commit opens vi, and what is written there is the message", async () => {
    await using plugin = await startPlugin({
      tool: "git",
      stdio,
      config: `${CONFIG}  set: { GIT_EDITOR: vi -u NONE }\n`,
    });
    await using terminal = await openRepository(plugin);
    await terminal.type("git commit -a; echo status $?");
    await terminal.shows("Please enter the commit message");
    await terminal.press("i");
    await terminal.press("-l", "written in vi");
    await terminal.shows("written in vi");
    await terminal.press("Escape");
    await terminal.type(":wq");
    await terminal.shows("status 0");
    expect((await shellDirect(plugin, "git log -1 --format=%s")).stdout).toBe("written in vi\n");
  });

  test.skipIf(!hasLess)("git log pages, and q ends the pager with the terminal as it was", async () => {
    await using plugin = await startPlugin({ tool: "git", stdio, config: `${CONFIG}  set: { GIT_PAGER: less -X }\n` });
    await using terminal = await openRepository(plugin);
    const before = await terminal.settings();
    await shellDirect(plugin, "for n in 1 2 3 4 5 6 7 8; do git commit -q --allow-empty -m number-$n; done", {
      env: ENVIRONMENT,
    });
    await terminal.type("git log; echo status $?");
    await terminal.shows(/^:$/mu);
    await terminal.press("Space");
    await terminal.shows("number-3");
    await terminal.press("q");
    await terminal.shows("status 0");
    expect(await terminal.settings()).toBe(before);
  });
});
