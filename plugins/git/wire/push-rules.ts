import { basename } from "node:path";

import { Refusal } from "../../../src/broker/plugin.ts";
import type { BranchScope } from "../../../src/policy/broker-config.ts";
import type { Config, Listed, Place } from "../../../src/policy/config.ts";
import { matchGlob } from "../../../src/policy/glob.ts";
import { matchPattern } from "../../../src/policy/pattern.ts";
import { quote } from "../../../src/policy/printable.ts";
import { RETRY } from "../../../src/policy/retry.ts";
import type { CommandPattern, Rule } from "../../../src/policy/rule.ts";
import { foldRef, refProblem } from "./ref-name.ts";
import { kindOf, type Command, type CommandKind, type UpdateRequest } from "./update-request.ts";

/** What the rules say of one command of a push. */
export type Verdict =
  | { readonly kind: "pass" }
  /** It passes if the new commit has the old one as an ancestor, which the command cannot tell. */
  | { readonly kind: "fast-forward" }
  | { readonly kind: "refuse"; readonly rule: string; readonly reason: string };

/** Decides about each command of a push, in their order. Pure. */
export function judgePush(config: Config, { commands, pushOptions }: UpdateRequest): Verdict[] {
  const all = blockedPush(config) ?? tooMany(commands) ?? oddOption(config, pushOptions);
  const seen = new Set<string>();
  return commands.map((command) => {
    const folded = foldRef(command.ref);
    const isAgain = seen.has(folded);
    seen.add(folded);
    return all ?? (isAgain ? refuse("ref_name", "this push has the same ref twice") : judge(config, command));
  });
}

/** Why nothing at all can be pushed, when that is so. */
export function blockedPush(config: Config): Verdict | undefined {
  const rule = ruleAgainstPush(config.rules.ordered);
  if (rule !== undefined) {
    return refuse(
      rule.id,
      `push is denied by ${rule.isShortForm ? "rules." : "the rule "}${named(rule.id, rule.place)}`,
    );
  }
  if (config.defaultEffect === "deny" && !config.rules.ordered.some((candidate) => isAboutPush(candidate))) {
    return refuse("default", "push is denied, since no rule allows it and the default is deny");
  }
  const { allowedBranchPatterns } = config.rules;
  const { createBranches, updateBranches, deleteBranches, tags, verifyFastForward } = config.broker;
  const areBranches =
    [createBranches, updateBranches, deleteBranches].some((scope) => scope !== "none") || verifyFastForward;
  if (tags === "none" && (!areBranches || allowedBranchPatterns?.length === 0)) {
    return refuse("broker", "the broker's rules let no push through");
  }
  return undefined;
}

/** @throws {Refusal} when nothing at all can be pushed */
export function checkPush(config: Config): void {
  const blocked = blockedPush(config);
  if (blocked?.kind === "refuse") {
    throw new Refusal(
      403,
      blocked.rule,
      `plugin policy: ${blocked.reason}. ${RETRY.kind}; ask the operator to change the rule`,
    );
  }
}

/** The rule that denies every push, whatever it pushes: the first that is about all of them, unless one before it lets some through. */
function ruleAgainstPush(rules: readonly Rule[]): Rule | undefined {
  const first = rules.find((rule) => isAboutPush(rule) && (rule.decision !== "deny" || isWithoutCondition(rule)));
  return first?.decision === "deny" ? first : undefined;
}

function isAboutPush({ match: { commands } }: Rule): boolean {
  const isPush = ({ words }: CommandPattern): boolean =>
    words.length === 1 && words.every((pattern) => matchPattern(pattern, "push"));
  return commands === undefined || commands.some(isPush);
}

function isWithoutCondition({ match: { commands: _commands, ...conditions } }: Rule): boolean {
  return Object.values(conditions).every((condition) => condition === undefined);
}

/** Commands of one push. */
export const MAX_COMMANDS = 200;

function tooMany({ length }: readonly Command[]): Verdict | undefined {
  return length <= MAX_COMMANDS
    ? undefined
    : refuse("limits", `this push has ${length} refs, and at most ${MAX_COMMANDS} pass at once; push fewer at a time`);
}

function oddOption({ broker }: Config, pushOptions: readonly string[]): Verdict | undefined {
  const odd = pushOptions.find((option) => !matches(broker.pushOptions, option));
  return odd === undefined
    ? undefined
    : refuse("push_options", `the push option ${quote(odd)} is not in broker.push_options; push without -o`);
}

function judge(config: Config, command: Command): Verdict {
  const problem = refProblem(command.ref);
  if (problem !== undefined) {
    return refuse("ref_name", problem);
  }
  const kind = kindOf(command);
  return command.ref.startsWith("refs/tags/") ? judgeTag(config, command, kind) : judgeBranch(config, command, kind);
}

function judgeTag({ broker, rules }: Config, { ref }: Command, kind: CommandKind): Verdict {
  if (broker.tags === "any" || (broker.tags === "create" && kind === "create")) {
    // git, and many a workflow, take the tag where a branch has the same name.
    const blocked = blockedName(rules, ref.replace(/^refs\/tags\/(?:heads\/)?/i, ""));
    return blocked === undefined
      ? PASS
      : refuse(
          "blocked_branches",
          `can be mistaken for a branch that is blocked by ${named("rules.blocked_branches", blocked.place)}; choose another name`,
        );
  }
  return broker.tags === "none"
    ? refuse(
        "tags",
        `tags cannot be pushed: ${named("broker.tags", broker.placeOf("tags"))} is none; push without tags`,
      )
    : refuse("tags", "a tag that is there cannot be changed: broker.tags is create; make a new tag");
}

function judgeBranch(config: Config, { ref }: Command, kind: CommandKind): Verdict {
  const { allowedBranchPatterns } = config.rules;
  const { broker } = config;
  const branch = ref.slice("refs/heads/".length);
  const next = broker.ownBranches[0]?.value.replace("*", "NAME");
  const instead = next === undefined ? "" : `; push to ${next}`;
  const blocked = blockedName(config.rules, branch);
  if (blocked !== undefined) {
    return refuse("blocked_branches", `blocked by ${named("rules.blocked_branches", blocked.place)}${instead}`);
  }
  if (allowedBranchPatterns !== undefined && !matches(allowedBranchPatterns, branch)) {
    const shown = allowedBranchPatterns.map(({ value }) => value).join(" ");
    return refuse(
      "allowed_branch_patterns",
      `only ${shown} may be pushed to by rules.allowed_branch_patterns; push to such a branch`,
    );
  }
  const scope = { create: broker.createBranches, update: broker.updateBranches, delete: broker.deleteBranches }[kind];
  const isOwn = matches(broker.ownBranches, branch);
  if (isOwn && scope !== "none") {
    return PASS;
  }
  if (kind === "update" && broker.verifyFastForward) {
    return { kind: "fast-forward" };
  }
  return scope === "any" ? PASS : refuse(`${kind}_branches`, outOfScope(kind, scope, instead));
}

function blockedName({ blockedBranches }: Config["rules"], name: string): Listed | undefined {
  const folded = foldRef(name);
  return blockedBranches.find(({ value }) => matchGlob(foldRef(short(value)), folded));
}

function outOfScope(kind: CommandKind, scope: BranchScope, instead: string): string {
  const whose = scope === "own" ? "this branch is not one of broker.own_branches" : "no branch may be so";
  const done = { create: "made", update: "updated", delete: "deleted" }[kind];
  return `cannot be ${done}: ${whose} (broker.${kind}_branches is ${scope})${kind === "delete" ? "; ask a person to delete it at the host" : instead}`;
}

const PASS: Verdict = { kind: "pass" };

function refuse(rule: string, reason: string): Verdict {
  return { kind: "refuse", rule, reason };
}

function matches(patterns: readonly Listed[], text: string): boolean {
  return patterns.some(({ value }) => matchGlob(short(value), text));
}

/** A branch may be written with its full name too. */
function short(pattern: string): string {
  return pattern.replace(/^refs\/heads\//, "");
}

function named(key: string, place: Place | undefined): string {
  return place === undefined ? key : `${key} (${basename(place.file)}:${place.line})`;
}
