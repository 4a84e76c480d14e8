import { readGitInvocation } from "../../plugins/git/invocation.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { parseConfig } from "../../src/policy/load.ts";
import type { Options, Report } from "./report.ts";
import { median, percentile } from "./stats.ts";
import type { Workplace } from "./workplace.ts";

const RULES = 100;
const MOST_US = 20;
/** One evaluation is too short for the clock. */
const BATCH = 50;

/** Half of these meet no rule at all, so that all are asked. */
const CALLS: readonly (readonly string[])[] = [
  ["status"],
  ["log", "--oneline", "-20"],
  ["commit", "-am", "A message of some length"],
  ["-C", "sub", "-c", "color.ui=always", "diff", "--stat"],
  ["push", "-uf", "origin", "HEAD:refs/heads/main"],
  ["push", "origin", "agent/some-branch"],
  ["push", "--new-option", "origin", "main"],
  ["fetch", "--all", "--prune"],
];

/** What a decision costs with a hundred rules, in microseconds; reading the arguments is part of it. */
export function benchRules(_place: Workplace, { isQuick }: Options): Promise<Report> {
  const config = parseConfig(JSON.stringify({ plugin: "git", rules: { ordered: manyRules() } }), "git.yaml");
  const microseconds: number[] = [];
  const rounds = isQuick ? 200 : 2000;
  for (let round = 0; round < rounds + rounds / 2; round++) {
    for (const args of CALLS) {
      const started = performance.now();
      for (let count = 0; count < BATCH; count++) {
        evaluate(config, readGitInvocation, { args, cwd: "/home/me/project", env: {} }, ["/home/me"]);
      }
      // The first third warms up.
      if (round >= rounds / 2) {
        microseconds.push(((performance.now() - started) * 1000) / BATCH);
      }
    }
  }
  const found = median(microseconds);
  return Promise.resolve({
    rows: [
      {
        what: `a decision of ${RULES} rules about a call of git, arguments read`,
        measured: `p50 ${found.toFixed(1)} µs, p99 ${percentile(microseconds, 0.99).toFixed(1)} µs`,
        result: `${found.toFixed(1)} µs`,
        target: `≤ ${MOST_US} µs`,
        isMet: found <= MOST_US,
      },
    ],
    samples: { microseconds },
  });
}

/** Rules of every kind, few of which are about the same command. */
function manyRules(): object[] {
  const commands = [
    "gc",
    "push",
    "tag",
    "clean",
    "remote set-url",
    "rebase",
    "reset",
    "worktree add",
    "branch",
    "config",
  ];
  return Array.from({ length: RULES }, (_, index) => {
    const command = commands[index % commands.length];
    const conditions = [
      { command, options: [`--push-option=ci.${index}`, "--force-with-lease"] },
      { command, targets: [`release/${index}/*`, `hotfix-${index}`] },
      { command, arguments: [`remote-${index}`, "upstream*"] },
      { command: [command, `tool-${index}`], cwd: `/home/me/other-${index}` },
      { command, env: { CI: `run-${index}` } },
    ];
    return {
      id: `r${index}`,
      match: conditions[index % conditions.length],
      decision: index % 3 === 0 ? "ask" : "deny",
    };
  });
}
