import { Call, type Invocation, type Unclear } from "./call.ts";
import type { Config } from "./config.ts";
import type { Decision, Refused } from "./decision.ts";
import { refuse } from "./denial.ts";
import { isInside, meets } from "./match.ts";
import type { Grammar } from "./reading.ts";
import type { Rule } from "./rule.ts";

export type { Invocation };

/**
 * Decides about one invocation. Pure and total: it reads nothing but its arguments and never throws. `roots` are real
 * paths. The first of these that applies decides:
 *
 * 1. `cwd` is neither a root nor below one: deny, rule `roots`.
 * 2. The rules are asked in their order. Each condition of a rule holds, does not hold, or cannot be told, because the
 *    part of the call that it asks about is unclear. The rule:
 *    a. has a condition that does not hold: it is passed over, whatever its others are.
 *    b. has only conditions that hold: its decision counts; but a deny behind a rule that step d has passed over is a
 *       deny of rule `unclear`, for that rule might have let the call through.
 *    c. has one that cannot be told, and does not allow: deny, rule `unclear`.
 *    d. has one that cannot be told, and allows: it is passed over.
 * 3. No rule has decided: the config's `default`, rule `default`; but if that is not allow and step d has passed over
 *    a rule, deny, rule `unclear`.
 */
export function evaluate(config: Config, grammar: Grammar, invocation: Invocation, roots: readonly string[]): Decision {
  const call = new Call(grammar, invocation);
  if (!roots.some((root) => isInside(invocation.cwd, root))) {
    return refuse(config, call, { rule: "roots", place: config.places.get("roots"), cwd: invocation.cwd, roots });
  }
  let passedOver: { readonly rule: Rule; readonly unclear: Unclear } | undefined;
  for (const rule of config.rules.ordered) {
    const answer = meets(rule.match, call);
    if (answer === true) {
      if (rule.decision === "allow") {
        return { effect: "allow", rule: rule.id, place: placeOf(rule, call) };
      }
      if (rule.decision === "deny" && passedOver !== undefined) {
        return refuse(config, call, { ...passedOver, rule: "unclear", by: passedOver.rule });
      }
      return refuse(config, call, { rule: "rule", by: rule, place: placeOf(rule, call) });
    }
    if (answer !== false) {
      if (rule.decision !== "allow") {
        return refuse(config, call, { rule: "unclear", by: rule, unclear: answer });
      }
      passedOver ??= { rule, unclear: answer };
    }
  }
  if (config.defaultEffect === "allow") {
    return { effect: "allow", rule: "default", place: config.places.get("default") };
  }
  if (passedOver !== undefined) {
    return refuse(config, call, { rule: "unclear", by: passedOver.rule, unclear: passedOver.unclear });
  }
  return refuse(config, call, { rule: "default", place: config.places.get("default") });
}

/**
 * The refusal that a decision leads to, or undefined when the call goes ahead: with `enforcement: audit` always. One
 * with the effect `ask` is for a person to decide, and a refusal where nobody can be asked.
 */
export function refusalOf(config: Config, decision: Decision): Refused | undefined {
  return decision.effect === "allow" || config.enforcement === "audit" ? undefined : decision;
}

/** Whether any rule looks at the environment of a call. */
export function asksForEnvironment({ rules }: Config): boolean {
  return rules.ordered.some(({ match }) => match.variables !== undefined || match.not?.variables !== undefined);
}

/** The line of the list's item that matched, where a rule is a list. */
function placeOf(rule: Rule, { reading }: Call): Rule["place"] {
  if (!rule.isShortForm || reading.kind !== "command") {
    return rule.place;
  }
  const item = rule.match.commands?.find(({ words: [first] }) => first?.text === reading.command);
  return item?.place ?? rule.place;
}
