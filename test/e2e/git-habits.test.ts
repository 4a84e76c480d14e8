import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { startPlugin, type PluginProcess } from "../helpers/plugin.ts";
import { shell, shellDirect } from "../helpers/shell.ts";

setDefaultTimeout(60_000);

// Programs that a repository names keep working under the settings that the plugin gives git for its broker, which
// nobody has to reach for that.
let plugin: PluginProcess;
beforeAll(async () => {
  plugin = await startPlugin({
    tool: "git",
    config: "broker: { allowed_repos: [github.com/acme/*] }\n",
    env: { PLUGIN_BROKER: "http://127.0.0.1:1" },
  });
});
afterAll(async () => {
  await plugin[Symbol.asyncDispose]();
});

const START = `set -e
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
rm -rf .[a-z]* *; git init -q -b main .; echo one >file; git add file; git commit -qm one
program() { printf '#!/bin/sh\\n%s\\n' "$2" >"$1"; chmod +x "$1"; }
`;

interface Case {
  readonly name: string;
  readonly script: string;
  /** What comes out of it, from the client as from git itself. */
  readonly says: string;
  /** A program that it needs. */
  readonly needs?: string;
}

const HUSKY = `mkdir -p .husky/_; git config core.hooksPath .husky/_
  program .husky/_/pre-commit 'sh -e "$(dirname "$(dirname "$0")")/pre-commit" "$@"; c=$?; [ $c = 0 ] || echo "husky - pre-commit script failed (code $c)"; exit $c'
`;

const CASES: readonly Case[] = [
  {
    name: "a hook of husky runs",
    script: `${HUSKY} echo 'echo checked' >.husky/pre-commit; git commit --allow-empty -qm two 2>&1`,
    says: "checked\n",
  },
  {
    name: "a hook of husky stops a commit",
    script: `${HUSKY} echo 'exit 3' >.husky/pre-commit; git commit --allow-empty -qm two 2>&1 || git rev-list --count HEAD`,
    says: "husky - pre-commit script failed (code 3)\n1\n",
  },
  {
    name: "diff.external",
    script: `program show 'echo "external $1"'; git config diff.external ./show; echo two >file; git diff`,
    says: "external file\n",
  },
  {
    name: "a textconv",
    script: `program up 'tr a-z A-Z <"$1"'; git config diff.up.textconv ./up; echo '* diff=up' >.gitattributes
      echo two >file; git diff file | tail -2`,
    says: "-ONE\n+TWO\n",
  },
  {
    name: "a filter",
    script: `program up 'tr a-z A-Z'; git config filter.up.clean ./up; git config filter.up.required true
      echo 'large filter=up' >.gitattributes; echo small >large; git add large; git show :large`,
    says: "SMALL\n",
  },
  {
    name: "the filter of Git LFS",
    script: `git lfs install --local >/dev/null; git lfs track '*.bin' >/dev/null; echo large >a.bin; git add .
      git commit -qm large; git show HEAD:a.bin | head -1; rm a.bin; git checkout -q a.bin; cat a.bin`,
    says: "version https://git-lfs.github.com/spec/v1\nlarge\n",
    needs: "git-lfs",
  },
  {
    name: "a commit signed with an SSH key in a file",
    script: `ssh-keygen -q -t ed25519 -N '' -C '' -f key; git config gpg.format ssh; git config user.signingKey "$PWD/key.pub"
      echo "a@example.com $(cat key.pub)" >signers; git config gpg.ssh.allowedSignersFile "$PWD/signers"
      git config commit.gpgSign true; git commit --allow-empty -qm two; git log -1 --format=%G?`,
    says: "G\n",
    needs: "ssh-keygen",
  },
  {
    name: "a program that signs",
    script: `program sign 'cat >/dev/null; echo "[GNUPG:] SIG_CREATED " >&2; echo signature'; git config gpg.program ./sign
      git commit -S --allow-empty -qm two; git cat-file -p HEAD | grep gpgsig`,
    says: "gpgsig signature\n",
  },
  {
    name: "an alias, an editor and a merge driver",
    script: `git config alias.two '!git commit --allow-empty -q'; program edit 'echo edited >"$1"'; git config core.editor ./edit
      git two; git log -1 --format=%s; program join 'echo joined >"$2"'; git config merge.join.driver './join %O %A %B'
      echo 'file merge=join' >.gitattributes; git checkout -qb other HEAD~1; echo x >file; git commit -qam x
      git checkout -q main; echo y >file; git commit -qam y; git merge -q --no-edit other; cat file`,
    says: "edited\nAuto-merging file\njoined\n",
  },
  {
    name: "a clone of a repository on the disk",
    script: "git clone -q . copy; git -C copy log --format=%s; git clone -q --bare . bare; git -C bare log --format=%s",
    says: "one\none\n",
  },
];

test.each([...CASES])("$name", async ({ script, says, needs }) => {
  if (needs !== undefined && Bun.which(needs) === null) {
    console.log(`${needs} is not installed: this is not tested`);
    return;
  }
  const given = await shell(plugin, START + script);
  expect([given.stdout, given.stderr, given.status]).toEqual([says, "", 0]);
  const direct = await shellDirect(plugin, START + script);
  expect([direct.stdout, direct.stderr, direct.status]).toEqual([says, "", 0]);
});

test("what a repository names to watch files is not started, and status goes on", async () => {
  const watched = `${START} program watch 'echo started >started'; git config core.fsmonitor ./watch; git status --short; ls started`;
  const { stdout } = await shell(plugin, watched);
  expect(stdout).toBe("?? watch\n");
  expect((await shellDirect(plugin, watched)).stdout).toContain("started");
});

test("ext:: runs nothing, also where the repository allows it", async () => {
  const script = `${START} git config protocol.ext.allow always; git ls-remote 'ext::sh -c "echo ran >ran"' 2>&1; ls ran`;
  const { stdout } = await shell(plugin, script.replace("set -e", ""));
  expect(stdout).toBe("fatal: transport 'ext' not allowed\n");
});
