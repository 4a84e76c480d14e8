import type { Case, Config } from "./config.ts";
import type { Decision } from "./decision.ts";
import { seenEnvironment } from "./environment.ts";
import { evaluate } from "./evaluate.ts";
import type { Grammar } from "./reading.ts";

/** What came of one case of a config. */
export interface CaseResult {
  readonly case: Case;
  /** Folder that the case was decided in. */
  readonly cwd: string;
  /** Variables of the case that do not reach the tool. */
  readonly unseen: readonly string[];
  readonly decision: Decision;
  readonly passed: boolean;
}

/** Decides every case that a config carries. `roots` as for {@link evaluate}; a case without `cwd` is in the first. */
export function runCases(config: Config, grammar: Grammar, roots: readonly string[]): CaseResult[] {
  return config.cases.map((testCase) => {
    const cwd = testCase.cwd ?? roots[0] ?? "/";
    const { env, unseen } = seenEnvironment(config, Object.entries(testCase.env ?? {}));
    const decision = evaluate(config, grammar, { args: testCase.run, cwd, env }, roots);
    const { expect, rule } = testCase;
    const passed = decision.effect === expect && (rule === undefined || decision.rule === rule);
    return { case: testCase, cwd, unseen, decision, passed };
  });
}
