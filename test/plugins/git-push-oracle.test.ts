import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readGitInvocation } from "../../plugins/git/invocation.ts";
import { matchGlob } from "../../src/policy/glob.ts";
import type { Rest } from "../../src/policy/reading.ts";

setDefaultTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), "oracle-"));
afterAll(() => rmSync(folder, { recursive: true }));

function git(cwd: string, args: readonly string[]): string {
  const { stdout } = Bun.spawnSync(["git", ...args], {
    cwd,
    env: {
      PATH: process.env["PATH"] ?? "/usr/bin",
      HOME: folder,
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.com",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.com",
    },
    stdin: "ignore",
    timeout: 10_000,
  });
  return stdout.toString();
}

/** A clone with branches that are ahead, behind, diverged and only here or there, and with tags. */
function makeRepository(): string {
  git(folder, ["init", "-q", "--bare", "-b", "main", "remote.git"]);
  git(folder, ["clone", "-q", "remote.git", "work"]);
  const work = join(folder, "work");
  const commit = (message: string): string => git(work, ["commit", "-q", "--allow-empty", "-m", message]);
  git(work, ["checkout", "-q", "-b", "main"]);
  commit("one");
  git(work, ["branch", "agent/x"]);
  git(work, ["branch", "gone"]);
  commit("two");
  git(work, ["branch", "old"]);
  git(work, ["push", "-q", "origin", "main", "agent/x", "old", "gone"]);
  git(work, ["branch", "-q", "-D", "gone"]);
  git(work, ["branch", "-q", "-f", "old", "HEAD~1"]);
  commit("three");
  git(work, ["branch", "new"]);
  git(work, ["tag", "v1"]);
  git(work, ["tag", "-a", "v2", "-m", "v2"]);
  return work;
}

const work = makeRepository();

/** What git would do, as `--porcelain` tells: a flag and the full name of the ref at the remote. */
function updates(args: readonly string[]): { readonly flag: string; readonly ref: string }[] {
  const [command = "", ...rest] = args;
  const lines = git(work, [command, "--dry-run", "--porcelain", ...rest]).split("\n");
  return lines.flatMap((line) => {
    const [, flag, ref] = /^([ +\-*t=])\t[^\t]*:([^\t]+)\t/u.exec(line) ?? [];
    return flag === undefined || ref === undefined ? [] : [{ flag, ref }];
  });
}

const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("main", "agent/x", "old", "new", "gone", "v1", "v2", "HEAD", "@") },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom("", "+"),
        fc.constantFrom("", "main", "HEAD", "HEAD~1", "new", "v2"),
        fc.constantFrom("", "main", "old", "heads/old", "refs/heads/new", "refs/tags/t", "tags/v1", "agent/x"),
      )
      .map(([plus, from, to]) => `${plus}${from}:${to}`),
  },
  { weight: 1, arbitrary: fc.constantFrom("tag", "refs/heads/*:refs/heads/*", "^main", "+main", "+old", "heads/old") },
);
const option = fc.constantFrom(
  ..."-f --force --forc --force-w --force-with-lease --no-force -d --delete --del -u -q -v -qf -uf -vd --all --mirror".split(
    " ",
  ),
  ..."--mirr --prune --pru --tags --follow-tags --atomic --no-verify --porcelain -4 --thin --signed=no --end-of-options --".split(
    " ",
  ),
  ..."--repo=origin --recurse-submodules=no --no-thin --progress --no-progress --se --tag --follow --push-option=x".split(
    " ",
  ),
);

test("every branch that the real git would change by a push is a target, or the targets are unclear", () => {
  let changes = 0;
  const line = fc.tuple(
    fc.array(option, { maxLength: 2 }),
    fc.constantFrom([], ["origin"], ["origin"], ["origin"]),
    fc.array(fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: option }), { maxLength: 3 }),
  );
  fc.assert(
    fc.property(line, ([before, remote, after]) => {
      const args = ["push", ...before, ...remote, ...after];
      const reading = readGitInvocation(args);
      const rest: Rest =
        reading.kind === "command" && reading.rest !== undefined ? reading.rest : { options: [], positionals: [] };
      for (const { flag, ref } of updates(args)) {
        changes++;
        if (rest.doubts?.targets === undefined) {
          const name = ref.replace(/^refs\/heads\//u, "");
          const isTarget = (rest.targets ?? []).some((target) => matchGlob(target, name) || isSameName(target, ref));
          expect({ args, ref, targets: rest.targets, isTarget }).toMatchObject({ isTarget: true });
        }
        if (rest.doubts?.options === undefined && rest.doubts?.targets === undefined) {
          expect({ args, ref, flag, isNamed: isNamed(rest, flag) }).toMatchObject({ isNamed: true });
        }
      }
    }),
    { numRuns: 400 },
  );
  // Not a test of lines that git refuses.
  expect(changes).toBeGreaterThan(100);
});

/** A short name may be a tag: which, the arguments do not tell. */
function isSameName(target: string, ref: string): boolean {
  return !target.startsWith("refs/") && ref === `refs/tags/${target}`;
}

/** Force and deletion have to be among the options. */
function isNamed({ options }: Rest, flag: string): boolean {
  const has = (name: string): boolean =>
    options.some(({ names, isNegated }) => names.includes(name) && isNegated !== true);
  if (flag === "+") {
    return has("--force") || has("--force-with-lease");
  }
  return flag !== "-" || has("--delete");
}
