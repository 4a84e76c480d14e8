import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { ACME, GitHost, HEAD, HOSTS } from "../helpers/git-host.ts";

setDefaultTimeout(120_000);

// What a person reads in git's own output when a push does not pass: which rule it was, and what to do.
let host: GitHost;
beforeAll(async () => {
  host = await GitHost.start();
  await host.sh(`cd w; git remote add origin ${host.url("acme/thing.git")}; git tag v1
    git -C ../root/acme/thing.git tag old main~1; git -C ../root/acme/thing.git branch topic/x main~1
    for n in $(seq 801); do echo "create refs/many/b$n $(git rev-parse main)"; done | git update-ref --stdin`);
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

interface Case {
  readonly name: string;
  /** More of the key `broker`. */
  readonly broker?: string;
  readonly rules?: string;
  readonly push: readonly string[];
  /** Lines of stderr, or parts of them. */
  readonly says: readonly string[];
}

const rejected = (refs: string, reason: string): string => `[remote rejected] ${refs} (plugin policy: ${reason}`;
const NOT_OWN = "this branch is not one of broker.own_branches";
const AGAIN = "A retry of this kind, in any spelling, will be refused too; ask the operator";

const CASES: readonly Case[] = [
  {
    name: "a branch that is blocked",
    rules: "blocked_branches: [release/*]",
    push: ["main:release/1"],
    says: [rejected("main -> release/1", "blocked by rules.blocked_branches (git.yaml:4); push to agent/NAME)")],
  },
  {
    name: "a branch that is blocked, in other letters",
    rules: "blocked_branches: [release]",
    push: ["main:refs/heads/Release"],
    says: [rejected("main -> Release", "blocked by rules.blocked_branches (git.yaml:4); push to agent/NAME)")],
  },
  {
    name: "a branch that no pattern allows",
    rules: "allowed_branch_patterns: [agent/*, fix/*]",
    push: ["main:topic/y"],
    says: [
      rejected(
        "main -> topic/y",
        "only agent/* fix/* may be pushed to by rules.allowed_branch_patterns; push to such a branch)",
      ),
    ],
  },
  {
    name: "an update of a branch that is not the agent's own",
    push: ["main:topic/x"],
    says: [
      rejected("main -> topic/x", `cannot be updated: ${NOT_OWN} (broker.update_branches is own); push to agent/NAME)`),
    ],
  },
  {
    name: "an update by force",
    push: ["+main~2:main"],
    says: [
      rejected("main~2 -> main", `cannot be updated: ${NOT_OWN} (broker.update_branches is own); push to agent/NAME)`),
    ],
  },
  {
    name: "an update by force where fast-forwards pass",
    broker: "verify_fast_forward: true,",
    push: ["+main~2:refs/heads/main"],
    says: [
      rejected(
        "main~2 -> main",
        "this is no fast-forward of what is there, which broker.verify_fast_forward wants; fetch, then merge or rebase)",
      ),
    ],
  },
  {
    name: "a new branch where none may be made",
    broker: "create_branches: own,",
    push: ["main:refs/heads/new"],
    says: [rejected("main -> new", `cannot be made: ${NOT_OWN} (broker.create_branches is own); push to agent/NAME)`)],
  },
  {
    name: "a deletion",
    push: [":topic/x"],
    says: [
      rejected(
        "topic/x",
        `cannot be deleted: ${NOT_OWN} (broker.delete_branches is own); ask a person to delete it at the host)`,
      ),
    ],
  },
  {
    name: "a tag",
    push: ["v1"],
    says: [rejected("v1 -> v1", "tags cannot be pushed: broker.tags is none; push without tags)")],
  },
  {
    name: "a tag that is there already",
    broker: "tags: create,",
    push: ["+v1:refs/tags/old"],
    says: [rejected("v1 -> old", "a tag that is there cannot be changed: broker.tags is create; make a new tag)")],
  },
  {
    name: "a review",
    push: ["main:refs/for/main"],
    says: [rejected("main -> refs/for/main", "only branches (refs/heads/…)")],
  },
  {
    name: "a pull request's ref",
    push: ["main:refs/pull/1/head"],
    says: [rejected("main -> refs/pull/1/head", "only branches (refs/heads/…)")],
  },
  {
    name: "a replacement",
    push: ["main:refs/replace/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
    says: [rejected("main -> refs/replace/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "only branches (refs/heads/…)")],
  },
  {
    name: "a branch with an option's name",
    push: ["main:refs/heads/-x"],
    says: [rejected("main -> -x", "this name can be mistaken for another ref or for an option)")],
  },
  {
    name: "a push option",
    push: ["-o", "merge_request.create", "main:agent/o"],
    says: [
      rejected(
        "main -> agent/o",
        'the push option "merge_request.create" is not in broker.push_options; push without -o)',
      ),
    ],
  },
  {
    name: "one ref of several",
    push: ["main:agent/c", "+main~2:main"],
    says: [
      rejected("main -> agent/c", "not pushed, since another ref of this push is refused)"),
      rejected("main~2 -> main", "cannot be updated"),
    ],
  },
  {
    name: "one ref of several, atomically",
    push: ["--atomic", "main:agent/c", "v1"],
    says: [
      rejected("main -> agent/c", "not pushed, since another ref of this push is refused)"),
      rejected("v1 -> v1", "tags cannot be pushed"),
    ],
  },
  {
    name: "more refs than pass at once",
    push: Array.from({ length: 201 }, (_, n) => `main:refs/heads/agent/n${n}`),
    says: [
      rejected("main -> agent/n200", "this push has 201 refs, and at most 200 pass at once; push fewer at a time)"),
    ],
  },
  {
    name: "more refs than are read",
    push: ["refs/many/*:refs/heads/agent/many/*"],
    says: [
      "remote unpack failed: plugin policy: this push cannot be read: more than 64 KiB before the pack; push fewer refs at a time",
    ],
  },
  {
    name: "a repository that is not allowed",
    push: ["--repo=other", "main:agent/x"],
    says: ["remote: plugin policy: ", `/other/thing" is not in broker.allowed_repos (git.yaml). ${AGAIN} to add it`],
  },
  {
    name: "everything",
    rules: "blocked_commands: [push]",
    push: ["main:agent/x"],
    says: [`remote: plugin policy: push is denied by rules.blocked_commands (git.yaml:4). ${AGAIN} to change the rule`],
  },
];

test.each([...CASES])(
  "git says why $name is refused, and nothing changes",
  async ({ broker = "", rules, push, says }) => {
    await host.edit(
      `${HEAD}broker: { allowed_repos: ["{host}/acme/*"], ${broker} ${HOSTS} }\n${rules === undefined ? "" : `rules: { ${rules} }\n`}`,
    );
    const refs = "for r in root/*/thing.git; do git -C $r for-each-ref; done";
    const before = await host.sh(refs);
    const isOther = push[0] === "--repo=other";
    const to = isOther ? [host.url("other/thing.git"), ...push.slice(1)] : ["origin", ...push.slice(optionsOf(push))];
    const { stderr, status } = await host.git(["push", ...push.slice(0, isOther ? 0 : optionsOf(push)), ...to]);
    expect(status).not.toBe(0);
    for (const said of says) {
      expect(stderr).toContain(said);
    }
    expect(await host.sh(refs)).toBe(before);
    await host.edit(ACME);
  },
);

/** How many words of a push stand before its remote. */
function optionsOf(push: readonly string[]): number {
  return push[0] === "-o" ? 2 : push[0]?.startsWith("-") === true ? 1 : 0;
}

test("200 refs at once pass", async () => {
  const refs = Array.from({ length: 200 }, (_, n) => `main:refs/heads/agent/n${n}`);
  expect((await host.git(["push", "-q", "origin", ...refs])).stderr).toBe("");
  expect(await host.sh("git -C root/acme/thing.git for-each-ref refs/heads/agent | grep -c .")).toBe("200");
});

test("a signed push is refused in words", async () => {
  await host.sh(
    "git -C root/acme/thing.git config receive.certNonceSeed x; printf '#!/bin/sh\\ncat >/dev/null; echo \"[GNUPG:] SIG_CREATED \" >&2; echo sig\\n' > gpg; chmod +x gpg",
  );
  const program = `gpg.program=${host.folder}/gpg`;
  const { stderr, status } = await host.git(["-c", program, "push", "--signed", "origin", "main:agent/s"]);
  await host.sh("git -C root/acme/thing.git config --unset receive.certNonceSeed");
  expect(status).not.toBe(0);
  expect(stderr).toContain(
    "remote unpack failed: plugin policy: this push cannot be read: signed pushes are not passed on; push without --signed",
  );
  expect(await host.at("agent/s")).toBe("");
});
