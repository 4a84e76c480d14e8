import { expect, test } from "bun:test";

import { pendingSentence, unapproved, type Unapproved } from "../../src/policy/approval.ts";
import type { Refused } from "../../src/policy/decision.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { parseConfig } from "../../src/policy/load.ts";

function asked(rule = "reason: it leaves this machine"): Refused {
  const config = parseConfig(`plugin: x\nrules:\n  - { id: r, decision: ask, ${rule} }`, "/c/x.yaml");
  const decision = evaluate(config, () => ({ kind: "command", command: "go" }), { args: ["go"], cwd: "/" }, ["/"]);
  if (decision.effect !== "ask") {
    throw new Error("It does not ask");
  }
  return decision;
}

test.each<[Unapproved, string, string]>([
  [
    { kind: "nobody" },
    "approval_needed",
    "x go is denied by rule r, x.yaml:3: it needs a person's approval, and nobody can be asked here; it leaves this machine. A retry of this kind, in any spelling, will be refused too; ask the operator to change the rule.",
  ],
  [
    { kind: "timeout", afterMs: 300_000 },
    "approval_timeout",
    "x go is denied by rule r, x.yaml:3: no person answered within 5m; it leaves this machine. Do not repeat it by yourself; tell the user, who answers in scripts/run.sh approvals.",
  ],
  [
    { kind: "denied", word: "not now" },
    "approval_denied",
    "x go is denied by a person (rule r, x.yaml:3): not now. Do not repeat it in any spelling; do what they say, or ask the user.",
  ],
  [
    { kind: "denied", word: "" },
    "approval_denied",
    "x go is denied by a person (rule r, x.yaml:3). Do not repeat it in any spelling; do what they say, or ask the user.",
  ],
])("unapproved() says of %j what happened and what to do", (why, code, message) => {
  const refused = unapproved(asked(), why);
  expect({ effect: refused.effect, code: refused.denial.code, message: refused.message }).toEqual({
    effect: "deny",
    code: code as "unclear",
    message,
  });
});

test("the rule's own hint is what a denied call should do instead", () => {
  expect(unapproved(asked("hint: use go --dry"), { kind: "denied", word: "no" }).message).toEndWith(
    "spelling; use go --dry.",
  );
});

test("pendingSentence() is one short line, whatever the call is", () => {
  const sentence = pendingSentence(asked(), "x".repeat(1000));
  expect(sentence.length).toBeLessThan(200);
  expect(sentence).toEndWith('" (rule r, x.yaml:3)');
});
