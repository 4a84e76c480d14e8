import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";

import { readGitInvocation } from "../../plugins/git/invocation.ts";
import { evaluate, refusalOf, type Invocation } from "../../src/policy/evaluate.ts";
import { parseConfig } from "../../src/policy/load.ts";
import { ruleText } from "../../src/policy/rule-text.ts";

// Thousands of decisions, on a machine that may be busy.
setDefaultTimeout(60_000);

/** `effect rule line`, for a config of git with these lines behind `plugin: git`. */
function decide(text: string, line: string, call: Partial<Invocation> = {}): string {
  const config = parseConfig(`plugin: git\n${text}\n`, "git.yaml");
  const args = line.split(" ").filter((word) => word !== "");
  const { effect, rule, place } = evaluate(config, readGitInvocation, { args, cwd: "/w/a", env: {}, ...call }, ["/w"]);
  return [effect, rule, ...(place === undefined ? [] : [place.line])].join(" ");
}

const one = (match: string, decision = "deny"): string => `rules: [{ id: r, match: ${match}, decision: ${decision} }]`;

describe("one condition of a rule", () => {
  test.each([
    { match: "{}", line: "status", answer: "deny r 2" },
    { match: "{ command: push }", line: "push", answer: "deny r 2" },
    { match: "{ command: push }", line: "-C . push origin", answer: "deny r 2" },
    { match: "{ command: push }", line: "pull", answer: "allow default" },
    { match: "{ command: [gc, push] }", line: "push", answer: "deny r 2" },
    { match: "{ command: 'remote-*' }", line: "remote-https x", answer: "deny r 2" },
    { match: "{ command: 'remote-*' }", line: "remote", answer: "allow default" },
    { match: "{ command: remote add }", line: "remote add x y", answer: "deny r 2" },
    { match: "{ command: remote add }", line: "remote remove x", answer: "allow default" },
    { match: "{ command: remote add }", line: "remote -v add x y", answer: "deny r 2" },
    { match: "{ command: stash push }", line: "stash -u", answer: "deny r 2" },
    { match: "{ command: push }", line: "p", answer: "deny unclear 2" },
    { match: "{ command: push, options: --force }", line: "p origin", answer: "deny unclear 2" },
    { match: "{ command: push, targets: main }", line: "PUSH origin x", answer: "deny unclear 2" },
    { match: "{ command: remote add }", line: "ra", answer: "deny unclear 2" },
    { match: "{ command: [push, absorb] }", line: "absorb", answer: "deny r 2" },
    { match: "{ command: [status, 'a*'] }", line: "absorb", answer: "deny r 2" },
    { match: "{ not: { command: status } }", line: "st", answer: "deny unclear 2" },
    { match: "{ cwd: /w/b }", line: "st", answer: "deny unclear 2" },
    { match: "{ env: { CI: '1' } }", line: "st", answer: "allow default" },
    { match: "{ command: push, options: --force }", line: "push -uf origin main", answer: "deny r 2" },
    { match: "{ command: push, options: --force }", line: "push origin +main", answer: "deny r 2" },
    { match: "{ command: push, options: [-f] }", line: "push --force origin main", answer: "deny r 2" },
    { match: "{ command: push, options: -f }", line: "push --force-with-lease origin main", answer: "allow default" },
    { match: "{ command: push, options: -f }", line: "push --no-force origin main", answer: "allow default" },
    { match: "{ command: push, options: -f }", line: "push -f --no-force origin main", answer: "deny unclear 2" },
    { match: "{ command: push, options: -f }", line: "push --forc origin main", answer: "deny unclear 2" },
    { match: "{ command: push, options: -f }", line: "push --new origin main", answer: "deny unclear 2" },
    { match: "{ command: commit, options: --no-edit }", line: "commit --amend --no-edi", answer: "deny r 2" },
    { match: "{ command: commit, options: --no-edit }", line: "commit --amend --edit", answer: "allow default" },
    { match: "{ command: commit, options: --no-edit }", line: "commit -e --no-edit", answer: "deny unclear 2" },
    { match: "{ command: commit, options: --no-verify }", line: "commit -nm x", answer: "deny r 2" },
    { match: "{ command: commit, options: --no-verify }", line: "commit --verify", answer: "allow default" },
    { match: "{ command: commit, options: --verify }", line: "commit --verify", answer: "deny r 2" },
    { match: "{ command: commit, options: --verify }", line: "commit -n", answer: "allow default" },
    { match: "{ command: push, options: '-o=ci.*' }", line: "push -oci.skip origin main", answer: "deny r 2" },
    { match: "{ command: push, options: '-o=ci.*' }", line: "push -ox origin main", answer: "allow default" },
    { match: "{ command: push, arguments: evil }", line: "push evil main", answer: "deny r 2" },
    {
      match: "{ command: push, arguments: { prefix: 'https://' } }",
      line: "push https://x/y main",
      answer: "deny r 2",
    },
    { match: "{ command: push, arguments: { exact: 'a*' } }", line: "push a* main", answer: "deny r 2" },
    { match: "{ command: push, arguments: { exact: 'a*' } }", line: "push ab main", answer: "allow default" },
    { match: "{ command: push, arguments: [{ glob: 'a?' }] }", line: "push ab main", answer: "deny r 2" },
    { match: "{ command: push, every_argument: [origin, main] }", line: "push origin main", answer: "deny r 2" },
    { match: "{ command: push, every_argument: [origin, main] }", line: "push origin x", answer: "allow default" },
    { match: "{ command: push, every_argument: [origin, main] }", line: "push", answer: "allow default" },
    { match: "{ command: push, targets: main }", line: "push origin x:refs/heads/main", answer: "deny r 2" },
    { match: "{ command: push, targets: main }", line: "push origin main:x", answer: "allow default" },
    { match: "{ command: push, targets: main }", line: "push origin", answer: "deny unclear 2" },
    { match: "{ command: push, targets: main }", line: "push --all", answer: "deny unclear 2" },
    { match: "{ command: push, targets: main }", line: "fetch --all", answer: "allow default" },
    { match: "{ command: push, not: { every_target: 'a/*' } }", line: "push origin a/x a/y", answer: "allow default" },
    { match: "{ command: push, not: { every_target: 'a/*' } }", line: "push origin a/x main", answer: "deny r 2" },
    { match: "{ command: push, not: { every_target: 'a/*' } }", line: "push", answer: "deny unclear 2" },
    { match: "{ command: log, targets: main }", line: "log main", answer: "deny unclear 2" },
    { match: "{ command: status, cwd: /w/a }", line: "status", answer: "deny r 2" },
    { match: "{ command: status, cwd: /w/a/ }", line: "status", answer: "deny r 2" },
    { match: "{ command: status, cwd: /w/ab }", line: "status", answer: "allow default" },
    { match: "{ command: status, cwd: [/w/b, '/*/a'] }", line: "status", answer: "deny r 2" },
    { match: "{ command: status, cwd: /w/b }", line: "-C ../b status", answer: "deny unclear 2" },
    { match: "{ command: status, env: { CI: '1' } }", line: "status", answer: "allow default" },
    { match: "{ not: { command: [status, log] } }", line: "push", answer: "deny r 2" },
    { match: "{ not: { command: [status, log] } }", line: "log -p", answer: "allow default" },
    { match: "{ not: { command: [status, log] } }", line: "-x log", answer: "deny unclear 2" },
  ])("$match of git $line: $answer", ({ match, line, answer }) => {
    expect(decide(one(match), line)).toBe(answer);
  });

  test.each([
    { env: { CI: "1" }, answer: "deny r 2" },
    { env: { CI: "" }, answer: "allow default" },
    { env: {}, answer: "allow default" },
  ])("env of a call with $env: $answer", ({ env, answer }) => {
    expect(decide(one("{ env: { CI: ['1', 'true'] } }"), "log", { env })).toBe(answer);
  });

  test("env that is not known is unclear", () => {
    const config = parseConfig(`plugin: git\n${one("{ env: { CI: '1' } }")}\n`, "git.yaml");
    const decision = evaluate(config, readGitInvocation, { args: ["log"], cwd: "/w" }, ["/w"]);
    expect(decision.rule).toBe("unclear");
  });

  test("what a rule does not depend on may be unclear", () => {
    const text = one("{ command: push, options: --force }");
    expect(decide(text, "-c color.ui=always diff --new-option")).toBe("allow default");
    expect(decide(text, "-c alias.x=push x")).toBe("deny unclear 2");
    expect(decide(one("{ cwd: /elsewhere, options: --force }"), "push --what")).toBe("allow default");
  });
});

describe("the order of rules", () => {
  const EXCEPTION = `default: deny
rules:
  - { id: dry, match: { command: push, options: --dry-run }, decision: allow }
  - { id: main, match: { command: push, targets: main }, decision: deny, reason: main is for people }
  - { id: mine, match: { command: push, every_target: "agent/*" }, decision: allow }
  - { id: other, match: { command: push }, decision: ask }
  - { match: { command: [status, log] }, decision: allow }`;
  test.each([
    { line: "push -n origin main", answer: "allow dry 4" },
    { line: "push origin main", answer: "deny main 5" },
    { line: "push origin agent/x", answer: "allow mine 6" },
    { line: "push origin x", answer: "ask other 7" },
    { line: "push --new origin main", answer: "deny unclear 5" },
    { line: "status", answer: "allow rule-5 8" },
    { line: "status --new", answer: "allow rule-5 8" },
    { line: "gc", answer: "deny default 2" },
    { line: "-x gc", answer: "deny unclear 5" },
  ])("git $line: $answer", ({ line, answer }) => {
    expect(decide(EXCEPTION, line)).toBe(answer);
  });

  test.each([
    {
      name: "an unclear rule that allows does not keep a later one from allowing",
      line: "push --new origin x",
      answer: "allow all 4",
    },
    { name: "a clear one is asked", line: "push -n origin x", answer: "allow dry 3" },
  ])("$name", ({ line, answer }) => {
    const rules =
      "rules:\n  - { id: dry, match: { command: push, options: -n }, decision: allow }\n  - { id: all, match: { command: push }, decision: allow }";
    expect(decide(rules, line)).toBe(answer);
  });

  test("a deny behind an unclear allow is unclear, and says of what", () => {
    const rules =
      "rules:\n  - { id: dry, match: { command: push, options: -n }, decision: allow }\n  - { match: { command: push }, decision: deny }";
    expect(decide(rules, "push --new origin x")).toBe("deny unclear 3");
    expect(decide(rules, "push origin x")).toBe("deny rule-2 4");
  });
});

describe("a config that keeps main and forbids force", () => {
  const GUARD = `rules:
  ordered:
    - { id: no-force, match: { command: push, options: [--force, --force-with-lease, --delete] }, decision: deny }
  blocked_branches: [main]`;
  test.each([
    "push origin main",
    "push origin HEAD:main",
    "push origin heads/main",
    "push origin x:heads/main",
    "push origin x:refs/heads/main",
    "push origin +main",
    "push origin +x",
    "push origin :x",
    "push origin :main",
    "push origin --delete x",
    "push -d origin x",
    "push origin x -f",
    "push -uf origin x",
    "push -qfu origin x",
    "push --force-w origin x",
    "push --forc origin x",
    "push --del origin x",
    "push --all origin",
    "push --branches origin",
    "push --mirror origin",
    "push --mirr origin",
    "push --prune origin x",
    "push origin :",
    "push origin +:",
    "push origin refs/heads/*",
    "push origin refs/heads/*:refs/heads/*",
    "push origin HEAD",
    "push origin @",
    "push origin",
    "push",
    "push --tags origin main",
    "push origin x main",
    "push --repo=origin main",
    "-C . push origin main",
    "-C sub -C .. push origin main",
    "--git-dir=.git push origin main",
    "-c remote.origin.mirror=true push origin x",
    "-c remote.origin.push=x:main push origin",
    "-c push.default=matching push origin x",
    "-c alias.p=push p origin main",
    "-c help.autoCorrect=immediate pusj origin main",
    "--config-env=alias.p=P p origin main",
    "push --receive-pack=x --new-option origin x",
    "send-pack origin x",
    "http-push origin x",
    "remote-https origin",
  ])("git %s is refused", (line) => {
    expect(decide(GUARD, line)).toStartWith("deny");
  });

  test.each([
    "push origin x",
    "push -u origin agent/x",
    "push origin HEAD:agent/main",
    "push --no-force origin x",
    "-c color.ui=always push origin x",
    "push origin main:x",
    "push --tags origin",
    // Behind "--" it is a branch of that name.
    "push origin -- -f",
    "fetch --all --force",
    "-c remote.origin.url=x fetch",
    "branch -D main",
    "log main --new-option",
    "pull origin main",
  ])("git %s is allowed", (line) => {
    expect(decide(GUARD, line)).toBe("allow default");
  });
});

describe("short forms", () => {
  const SHORT = `rules:
  ordered:
    - { id: dry, match: { command: push, options: -n }, decision: allow }
  blocked_branches: [main, "release/*"]
  allowed_branch_patterns: [refs/heads/agent/*, "release/*"]
  blocked_commands: [gc]
  allowed_commands: [push, log]`;
  test.each([
    { line: "push -n origin main", answer: "allow dry 4" },
    { line: "push origin main", answer: "deny blocked_branches 5" },
    { line: "push origin release/1", answer: "deny blocked_branches 5" },
    { line: "push origin x:heads/main", answer: "deny blocked_branches 5" },
    { line: "push origin x", answer: "deny allowed_branch_patterns 6" },
    { line: "push origin agent/x", answer: "allow allowed_commands 8" },
    { line: "push origin agent/x main", answer: "deny blocked_branches 5" },
    { line: "push", answer: "deny unclear 5" },
    { line: "send-pack origin agent/x", answer: "deny unclear 5" },
    { line: "remote-https origin", answer: "deny unclear 5" },
    { line: "gc", answer: "deny blocked_commands 7" },
    { line: "log -p", answer: "allow allowed_commands 8" },
    { line: "status", answer: "deny allowed_commands 8" },
  ])("git $line: $answer", ({ line, answer }) => {
    expect(decide(SHORT, line)).toBe(answer);
  });

  test("are rules like any others, in the order in which they are asked", () => {
    const { rules } = parseConfig(`plugin: git\n${SHORT}\n`, "git.yaml");
    expect(rules.ordered.map((rule) => `${rule.id} ${rule.place.line}: ${ruleText(rule)}`)).toEqual([
      "dry 4: allow push with -n",
      "blocked_commands 7: deny gc",
      "blocked_branches 5: deny push, send-pack, http-push, remote-* on main release/*",
      "allowed_branch_patterns 6: deny push, send-pack, http-push, remote-* unless on agent/* release/* only (it may push to refs/heads/agent/* release/* only)",
      "allowed_commands 8: allow push, log",
      "allowed_commands 8: deny everything",
    ]);
  });
});

describe("the message of a refusal", () => {
  const RULES = `default: deny
rules:
  - { id: no-force, match: { command: push, options: --force }, decision: deny, reason: others build on these branches., hint: push to a new branch }
  - { id: release, match: { command: tag }, decision: ask, reason: a tag starts a release }
  - { id: gc, match: { command: gc }, decision: deny }
  - { match: { command: push }, decision: allow }`;
  test.each([
    {
      line: "push -f origin main",
      message:
        "git push is denied by rule no-force (git.yaml:4): others build on these branches. A retry of this kind, in any spelling, will be refused too; push to a new branch.",
      denial: { code: "denied_by_rule", reason: "others build on these branches", hint: "push to a new branch" },
    },
    {
      line: "push --forc origin main",
      message:
        "git push --forc is denied: cannot tell the options, this option is short for more than one (rule no-force, git.yaml:4). A retry in this form will be refused too; write it plainly, leave it out, or ask the operator to change the rule.",
      denial: { code: "unclear", rule: "unclear", command: "push" },
    },
    {
      line: "tag v1",
      message:
        "git tag needs a person's approval by rule release (git.yaml:5); a tag starts a release. The call waits until a person has answered; tell the user that it does.",
      denial: { code: "approval_needed", reason: "it needs a person's approval" },
    },
    {
      line: "gc",
      message:
        "git gc is denied by rule gc (git.yaml:6). A retry of this kind, in any spelling, will be refused too; ask the operator to change the rule.",
      denial: { code: "denied_by_rule", reason: "a rule denies it" },
    },
    {
      line: "log",
      message:
        "git log is denied by the default (git.yaml:2). A retry of this kind, in any spelling, will be refused too; ask the operator to change the rule.",
      denial: { code: "denied_by_default", rule: "default", command: "log", place: "git.yaml:2:1" },
    },
  ])("git $line", ({ line, message, denial }) => {
    const config = parseConfig(`plugin: git\n${RULES}\n`, "/etc/plugins/git.yaml");
    const decision = evaluate(config, readGitInvocation, { args: line.split(" "), cwd: "/w" }, ["/w"]);
    expect(decision).toMatchObject({ message, denial: { tool: "git", retryable: false, ...denial } });
    expect(refusalOf(config, decision)).toBe(decision as never);
    expect(refusalOf({ ...config, enforcement: "audit" }, decision)).toBeUndefined();
  });

  test("a rule that names a word allows it, whatever it stands for", () => {
    const config = parseConfig(
      "plugin: git\nrules: { ordered: [{ match: { command: st }, decision: allow }], blocked_commands: [push] }\n",
      "git.yaml",
    );
    const decide = (word: string): string =>
      evaluate(config, readGitInvocation, { args: [word], cwd: "/w" }, ["/w"]).effect;
    expect({ st: decide("st"), co: decide("co"), status: decide("status") }).toEqual({
      st: "allow",
      co: "deny",
      status: "allow",
    });
  });

  test("has a remark on a command that may be an alias", () => {
    const config = parseConfig("plugin: git\nrules: { allowed_commands: [status] }\n", "git.yaml");
    const decision = evaluate(config, readGitInvocation, { args: ["st"], cwd: "/w" }, ["/w"]);
    expect(decision).toMatchObject({
      message:
        "git st is denied: cannot tell the command, git has no such command itself; write out what an alias is for (git.yaml:2). A retry in this form will be refused too; write it plainly, leave it out, or ask the operator to change the rule.",
      denial: { code: "unclear", command: "st" },
    });
  });

  test("is at most 600 characters with the longest reason and hint", () => {
    const text = "x".repeat(160);
    const id = "i".repeat(64);
    const config = parseConfig(
      `plugin: ${"p".repeat(64)}\nrules: [{ id: ${id}, match: {}, decision: ask, reason: ${text}, hint: ${text} }]`,
      `/${"f".repeat(200)}.yaml`,
    );
    const decision = evaluate(config, readGitInvocation, { args: ["c".repeat(5000)], cwd: "/" }, ["/"]);
    expect(decision.effect === "ask" && decision.message.length).toBeLessThanOrEqual(620);
    expect(decision.effect === "ask" && decision.message).toContain(`${text}. The call waits`);
  });
});

describe("properties", () => {
  const word = fc.constantFrom(
    "push",
    "log",
    "main",
    "agent/x",
    "origin",
    "-f",
    "--force",
    "--no-force",
    "--new",
    "-n",
    "-C",
    ".",
    "+main",
    "--",
    "-x",
  );
  const some = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { minLength: 1, maxLength: 2 });
  const conditions = fc.record(
    {
      command: some(fc.constantFrom("push", "log", "p*")),
      options: some(fc.constantFrom("-f", "-n", "--push-option=x")),
      arguments: some(fc.constantFrom("origin", "o*")),
      every_argument: some(fc.constantFrom("origin", "*")),
      targets: some(fc.constantFrom("main", "agent/*")),
      every_target: some(fc.constantFrom("main", "agent/*")),
      cwd: some(fc.constantFrom("/w", "/w/b")),
      env: fc.constantFrom({ A: "1" }, { A: ["1", "2"] }),
    },
    { requiredKeys: [] },
  );
  const match = fc
    .record({ conditions, not: fc.option(conditions) })
    .map(({ conditions: own, not }) => (not === null ? own : { ...own, not }));
  const rule = fc.record({ match, decision: fc.constantFrom("allow", "deny", "ask") });
  const config = fc.record({
    plugin: fc.constant("git"),
    default: fc.constantFrom("allow", "deny", "ask"),
    rules: fc.array(rule, { maxLength: 4 }),
  });
  const call = fc.record({
    args: fc.array(fc.oneof(word, word, fc.string({ unit: "binary" })), { maxLength: 6 }),
    cwd: fc.constantFrom("/w", "/w/b", "/x"),
    env: fc.constantFrom({}, { A: "1" }),
  });
  const answer = (text: unknown, invocation: Invocation): string => {
    const { effect, rule: id } = evaluate(parseConfig(JSON.stringify(text), "g"), readGitInvocation, invocation, [
      "/w",
    ]);
    return `${effect} ${id}`;
  };

  test("evaluate is total and deterministic", () => {
    fc.assert(
      fc.property(config, call, (text, invocation) => {
        expect(answer(text, invocation)).toBe(answer(text, invocation));
      }),
      { numRuns: 1000 },
    );
  });

  test("adding a deny anywhere never allows more", () => {
    fc.assert(
      fc.property(config, match, fc.nat(4), call, (text, added, at, invocation) => {
        const rules = text.rules.toSpliced(at, 0, { match: added, decision: "deny" });
        const before = answer(text, invocation);
        const after = answer({ ...text, rules }, invocation);
        expect(after.startsWith("allow") && !before.startsWith("allow")).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  test("taking an allow away never allows more, if the default is to deny", () => {
    fc.assert(
      fc.property(config, fc.nat(3), call, (text, at, invocation) => {
        const base = { ...text, default: "deny", rules: text.rules.map((item) => ({ ...item, decision: "allow" })) };
        const after = answer({ ...base, rules: base.rules.toSpliced(at, 1) }, invocation);
        expect(after.startsWith("allow") && !answer(base, invocation).startsWith("allow")).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
