import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import { shell, shellDirect } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

setDefaultTimeout(60_000);

const SESSION = `${import.meta.dir}/../fixtures/scripts/git-session.sh`;
const TRANSPARENT = "roots: [/]\nenv: { pass: ['*'] }\n";

const ENVIRONMENT = {
  GIT_AUTHOR_NAME: "A U Thor",
  GIT_AUTHOR_EMAIL: "author@example.org",
  GIT_AUTHOR_DATE: "2026-01-02T03:04:05+0100",
  GIT_COMMITTER_NAME: "C O Mitter",
  GIT_COMMITTER_EMAIL: "committer@example.org",
  GIT_COMMITTER_DATE: "2026-01-02T03:04:06+0100",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_PAGER: "cat",
  GIT_EDITOR: "true",
};

describe.each(CARRIERS)("a config that opens everything, over $carrier", ({ carrier, stdio }) => {
  test("a long session of git gives the same transcript and the same objects as git itself", async () => {
    await using plugin = await startPlugin({ tool: "git", stdio, config: TRANSPARENT });
    // Through a pipe, for a hook that opens /dev/stderr would cut a file. The same path for both: some messages name it.
    const script = `cd "$WORK" && { . ${SESSION} 2>&1 >&3 | cat >&2; } 3>&1`;
    const work = `${plugin.folder}/work`;
    await mkdir(work);
    const direct = await shellDirect(plugin, script, { env: { ...ENVIRONMENT, WORK: work }, boundMs: 60_000 });
    await Bun.$`rm -rf ${work}`.quiet();
    await mkdir(work);
    const through = await shell(plugin, script, { env: { ...ENVIRONMENT, WORK: work }, boundMs: 60_000 });
    expect(direct.stdout).toContain("the session is over");
    expect(through.stdout).toBe(direct.stdout);
    expect(through.stderr).toBe(direct.stderr);
    expect(through.status).toBe(direct.status);
    expect(new Set(await plugin.carriers())).toEqual(new Set([carrier]));
    expect((await plugin.carriers()).length).toBeGreaterThan(50);
  });

  test("git commit takes its message from stdin, and a hook may write to /dev/stderr", async () => {
    await using plugin = await startPlugin({ tool: "git", stdio, config: TRANSPARENT });
    const script = `git init -q . && cd . && printf '#!/bin/sh\\necho "from the hook" >/dev/stderr\\n' >.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
printf 'Subject\\n\\nBody with "quotes"\\n' | git commit -q --allow-empty -F - && git log -1 --format=%B`;
    const { stdout, stderr, status } = await shell(plugin, script, { env: ENVIRONMENT });
    expect({ stdout, stderr, status }).toEqual({
      stdout: 'Subject\n\nBody with "quotes"\n\n',
      stderr: "from the hook\n",
      status: 0,
    });
  });

  test("git log into head ends at once on a long history", async () => {
    await using plugin = await startPlugin({ tool: "git", stdio, config: TRANSPARENT });
    const script = `git init -q . && seq 5000 | while read -r n; do
printf 'commit refs/heads/main\\ncommitter A <a@b> %s +0000\\ndata 200\\n%0200d\\n' "$n" "$n"; done | git fast-import --quiet
git log main | head -1 | cut -c1-7; echo "\${PIPESTATUS[0]}"`;
    const direct = await shellDirect(plugin, `(${script}); rm -rf .git`);
    expect(direct.stdout).toEndWith("\n141\n");
    expect(await shell(plugin, script, { boundMs: 20_000 })).toEqual(direct);
  });

  test("git has the settings that it has here, and what it leaves running goes on", async () => {
    await using plugin = await startPlugin({ tool: "git", stdio, config: TRANSPARENT });
    const script = "git init -q . && git config --list --show-scope; rm -rf .git";
    expect(await shell(plugin, script)).toEqual(await shellDirect(plugin, script));
    await shell(plugin, "git -c alias.later='!{ sleep 1; touch later; } >/dev/null 2>&1 &' later");
    await waitFor("it has gone on to its end", () => existsSync(`${plugin.workspace}/later`));
  });

  test("two gits of one pipe work together: bundle from one, unbundle in the other", async () => {
    await using plugin = await startPlugin({ tool: "git", stdio, config: TRANSPARENT });
    const script = `git init -q a && git -C a commit -q --allow-empty -m x && git init -q b
git -C a pack-objects --revs --stdout -q <<<HEAD | git -C b index-pack --stdin | cut -c1-4
git -C a rev-parse HEAD; git -C b cat-file -t "$(git -C a rev-parse HEAD)"`;
    const { stdout, stderr } = await shell(plugin, script, { env: ENVIRONMENT });
    expect({ lines: stdout.split("\n").length, stderr }).toEqual({ lines: 4, stderr: "" });
    expect(stdout).toEndWith("commit\n");
  });
});
