import { patternOf, type Pattern } from "./pattern.ts";
import type { Listed, Place } from "./place.ts";
import type { CommandPattern, Effect, Match, Rule } from "./rule.ts";

/** The short forms of a config, as they are written. */
export interface ShortForms {
  readonly blockedCommands: readonly Listed[];
  /** Undefined: every command that is not blocked. Empty: none. */
  readonly allowedCommands: readonly Listed[] | undefined;
  readonly blockedBranches: readonly Listed[];
  readonly allowedBranchPatterns: readonly Listed[] | undefined;
}

/** Ids that short forms have in decisions, cases and messages. */
export const SHORT_FORM_IDS = [
  "blocked_commands",
  "allowed_commands",
  "blocked_branches",
  "allowed_branch_patterns",
] as const;
type ShortFormId = (typeof SHORT_FORM_IDS)[number];

/**
 * All rules in the order in which they are asked: the config's own, then what the short forms stand for. The blocked
 * ones come before the allowed ones, and an allow-list ends with a rule that denies the rest. `keyPlace` knows where
 * the key of a short form stands.
 */
export function expandRules(
  own: readonly Rule[],
  { blockedCommands, allowedCommands, blockedBranches, allowedBranchPatterns }: ShortForms,
  keyPlace: (id: ShortFormId) => Place,
): Rule[] {
  const rule = (id: ShortFormId, decision: Effect, match: Match, reason?: string): Rule => ({
    id,
    isShortForm: true,
    decision,
    match,
    reason,
    hint: undefined,
    place: keyPlace(id),
  });
  const rules = [...own];
  if (blockedCommands.length > 0) {
    rules.push(rule("blocked_commands", "deny", { commands: blockedCommands.map(commandOf) }));
  }
  if (blockedBranches.length > 0) {
    const targets = blockedBranches.map(branchOf);
    const commands = pushes(keyPlace("blocked_branches"));
    rules.push(rule("blocked_branches", "deny", { commands, targets }));
  }
  if (allowedBranchPatterns !== undefined) {
    const everyTarget = allowedBranchPatterns.map(branchOf);
    const commands = pushes(keyPlace("allowed_branch_patterns"));
    const shown = allowedBranchPatterns.map(({ value }) => value).join(" ");
    const reason = allowedBranchPatterns.length === 0 ? "no branch may be pushed" : `it may push to ${shown} only`;
    rules.push(
      rule("allowed_branch_patterns", "deny", { commands, not: { everyTarget } }, reason.slice(0, MAX_REASON)),
    );
  }
  if (allowedCommands !== undefined) {
    rules.push(rule("allowed_commands", "allow", { commands: allowedCommands.map(commandOf) }));
    rules.push(rule("allowed_commands", "deny", {}));
  }
  return rules;
}

const MAX_REASON = 160;

/** A command of a short form is one word, compared exactly. */
function commandOf({ value, place }: Listed): CommandPattern {
  return { words: [{ kind: "exact", text: value }], place };
}

/** A branch by its short name; with its full one it is the same. */
function branchOf({ value }: Listed): Pattern {
  return patternOf(value.replace(/^refs\/heads\//, ""));
}

/** `git push`, and what it runs underneath, whose branches the arguments do not tell: those are refused. */
function pushes(place: Place): CommandPattern[] {
  return ["push", "send-pack", "http-push", "remote-*"].map((name) => ({ words: [patternOf(name)], place }));
}
