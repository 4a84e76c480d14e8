import { expect, test } from "bun:test";

import { blockedPush, judgePush } from "../../plugins/git/wire/push-rules.ts";
import { parseConfig } from "../../src/policy/load.ts";

const ZERO = "0".repeat(40);
const IDS = { create: [ZERO, "a"], update: ["b", "a"], delete: ["b", ZERO] } as const;

type Row = readonly [config: string, kind: keyof typeof IDS, ref: string, verdict: string];

const ROWS: readonly Row[] = [
  ["", "create", "refs/heads/anything", "pass"],
  ["", "update", "refs/heads/agent/x", "pass"],
  ["", "delete", "refs/heads/agent/x", "pass"],
  ["", "update", "refs/heads/feature", "update_branches"],
  ["", "update", "refs/heads/agent", "update_branches"],
  ["", "update", "refs/heads/Agent/x", "update_branches"],
  ["", "update", "refs/heads/xagent/x", "update_branches"],
  ["", "delete", "refs/heads/feature", "delete_branches"],
  ["", "create", "refs/tags/v1", "tags"],
  ["", "create", "refs/for/main", "ref_name"],
  ["broker: { tags: create }", "create", "refs/tags/v1", "pass"],
  ["broker: { tags: create }", "update", "refs/tags/v1", "tags"],
  ["broker: { tags: create }", "delete", "refs/tags/v1", "tags"],
  ["broker: { tags: any }", "delete", "refs/tags/v1", "pass"],
  ["broker: { tags: any }\nrules: { blocked_branches: [main] }", "create", "refs/tags/main", "blocked_branches"],
  ["broker: { tags: any }\nrules: { blocked_branches: [main] }", "update", "refs/tags/MAIN", "blocked_branches"],
  ["broker: { tags: any }\nrules: { blocked_branches: [main] }", "create", "refs/tags/heads/main", "blocked_branches"],
  ["broker: { tags: any }\nrules: { blocked_branches: [main] }", "create", "refs/tags/v/main", "pass"],
  ["broker: { tags: none }\nrules: { blocked_branches: [main] }", "create", "refs/tags/main", "tags"],
  ["broker: { create_branches: own }", "create", "refs/heads/feature", "create_branches"],
  ["broker: { create_branches: own }", "create", "refs/heads/agent/x", "pass"],
  ["broker: { create_branches: none }", "create", "refs/heads/agent/x", "create_branches"],
  ["broker: { delete_branches: none }", "delete", "refs/heads/agent/x", "delete_branches"],
  ["broker: { update_branches: any }", "update", "refs/heads/feature", "pass"],
  ["broker: { update_branches: any, verify_fast_forward: true }", "update", "refs/heads/feature", "fast-forward"],
  ["broker: { verify_fast_forward: true }", "update", "refs/heads/feature", "fast-forward"],
  ["broker: { verify_fast_forward: true }", "update", "refs/heads/agent/x", "pass"],
  ["broker: { verify_fast_forward: true }", "delete", "refs/heads/feature", "delete_branches"],
  ["broker: { own_branches: [bot/*, refs/heads/me] }", "update", "refs/heads/me", "pass"],
  ["broker: { own_branches: [] }", "update", "refs/heads/agent/x", "update_branches"],
  ["rules: { blocked_branches: [agent/main] }", "update", "refs/heads/agent/main", "blocked_branches"],
  ["rules: { blocked_branches: [refs/heads/main] }", "create", "refs/heads/MAIN", "blocked_branches"],
  ["rules: { blocked_branches: ['release/*'] }", "create", "refs/heads/release/a/b", "blocked_branches"],
  ["rules: { allowed_branch_patterns: ['agent/*'] }", "create", "refs/heads/feature", "allowed_branch_patterns"],
  ["rules: { allowed_branch_patterns: ['agent/*'] }", "create", "refs/heads/agent/y", "pass"],
  ["rules: { allowed_branch_patterns: [feature] }", "update", "refs/heads/feature", "update_branches"],
  ["rules: { blocked_commands: [push] }", "create", "refs/heads/agent/y", "blocked_commands"],
  ["rules: { allowed_commands: [fetch] }", "create", "refs/heads/agent/y", "allowed_commands"],
  ["rules: { allowed_commands: [push] }", "create", "refs/heads/agent/y", "pass"],
  ["rules: [{ id: no, match: { command: push }, decision: deny }]", "create", "refs/heads/agent/y", "no"],
  ["rules: [{ id: no, decision: deny }]", "create", "refs/heads/agent/y", "no"],
  ["rules: [{ id: no, match: { command: 'pu*' }, decision: deny }]", "create", "refs/heads/agent/y", "no"],
  ["rules: [{ id: no, match: { command: pull }, decision: deny }]", "create", "refs/heads/agent/y", "pass"],
  ["rules: [{ match: { command: push, options: --force }, decision: deny }]", "create", "refs/heads/agent/y", "pass"],
  [
    "rules: [{ match: { command: push, targets: a }, decision: allow }, { decision: deny }]",
    "create",
    "refs/heads/agent/y",
    "pass",
  ],
  ["rules: [{ match: { command: push }, decision: ask }, { decision: deny }]", "create", "refs/heads/agent/y", "pass"],
  ["default: deny", "create", "refs/heads/agent/y", "default"],
  ["default: deny\nrules: [{ match: { command: push }, decision: allow }]", "create", "refs/heads/agent/y", "pass"],
];

test.each(ROWS.map(([config, kind, ref, verdict]) => ({ config, kind, ref, verdict })))(
  "with `$config` the $kind of $ref is: $verdict",
  ({ config, kind, ref, verdict }) => {
    const [before, after] = IDS[kind];
    const commands = [{ before, after, ref }];
    const [found] = judgePush(parseConfig(`plugin: git\n${config}\n`, "git.yaml"), {
      shallow: [],
      commands,
      capabilities: [],
      pushOptions: [],
    });
    expect(found?.kind === "refuse" ? found.rule : found?.kind).toBe(verdict);
  },
);

test("a ref that comes twice in a push is refused, in other letters too", () => {
  const config = parseConfig("plugin: git\n", "git.yaml");
  const commands = ["refs/heads/x", "refs/heads/y", "refs/heads/X"].map((ref) => ({ before: ZERO, after: "a", ref }));
  const verdicts = judgePush(config, { shallow: [], commands, capabilities: [], pushOptions: [] });
  expect(verdicts.map(({ kind }) => kind)).toEqual(["pass", "pass", "refuse"]);
});

test("a push option that is not listed refuses every ref", () => {
  const config = parseConfig("plugin: git\nbroker: { push_options: [ci.skip, 'topic=*'] }\n", "git.yaml");
  const judge = (...pushOptions: string[]): string | undefined =>
    judgePush(config, {
      shallow: [],
      commands: [{ before: ZERO, after: "a", ref: "refs/heads/x" }],
      capabilities: [],
      pushOptions,
    })[0]?.kind;
  expect(judge("ci.skip", "topic=a")).toBe("pass");
  expect(judge("ci.skip", "merge_request.merge_when_pipeline_succeeds")).toBe("refuse");
});

test.each([
  ["", false],
  ["rules: { blocked_commands: [push] }", true],
  ["rules: { allowed_branch_patterns: [] }", true],
  ["rules: { allowed_branch_patterns: [] }\nbroker: { tags: create }", false],
  ["broker: { create_branches: none, update_branches: none, delete_branches: none }", true],
  ["broker: { create_branches: none, update_branches: none, delete_branches: none, verify_fast_forward: true }", false],
] as const)("with `%s` all of pushing is blocked: %p", (config, isBlocked) => {
  expect(blockedPush(parseConfig(`plugin: git\n${config}\n`, "git.yaml")) !== undefined).toBe(isBlocked);
});

test("a reason names the rule, its line, and what would pass", () => {
  const config = parseConfig("plugin: git\nrules:\n  blocked_branches:\n    - main\n", "/etc/plugins/git.yaml");
  const commands = [{ before: "b", after: "a", ref: "refs/heads/main" }];
  expect(judgePush(config, { shallow: [], commands, capabilities: [], pushOptions: [] })).toEqual([
    {
      kind: "refuse",
      rule: "blocked_branches",
      reason: "blocked by rules.blocked_branches (git.yaml:4); push to agent/NAME",
    },
  ]);
});
