import { unapproved } from "../policy/approval.ts";
import { canonicalArguments } from "../policy/canonical.ts";
import type { Decision, Refused } from "../policy/decision.ts";
import { addedEnvironment } from "../policy/environment.ts";
import { refusalOf, type Invocation } from "../policy/evaluate.ts";
import { asciiLine, exactLine } from "../policy/exact-line.ts";
import type { Open } from "../protocol/client-messages.ts";
import { readEnvironment } from "../protocol/environment.ts";
import type { Approvals } from "./approvals.ts";
import { decide } from "./decide.ts";
import { crowdedFailure, type Failed } from "./failures.ts";
import type { Host } from "./host.ts";
import { log } from "./log.ts";
import { grammarOf } from "./plugin.ts";
import { previewOf } from "./preview.ts";
import type { Answer, Question } from "./question.ts";

/** A question has to be readable, and a plugin holds many. */
const MAX_SHOWN_CHARS = 64 * 1024;

/** What came of a call that had to wait for a person. */
export type Release =
  | { readonly kind: "run"; readonly decision: Decision; readonly cwd: string; readonly approval: Approval | undefined }
  | {
      readonly kind: "refused";
      readonly decision: Decision;
      readonly invocation: Invocation;
      readonly refusal: Refused;
      readonly approval: Approval | undefined;
    }
  | Failed
  | { readonly kind: "given_up" };

/** For the log: what was said, and by whom. `remembered` is an approval for the session, given to an earlier call. */
export interface Approval {
  readonly approval: Answer["verdict"] | "remembered" | "timeout" | "nobody";
  readonly approver?: string;
  readonly word?: string;
}

/** A call that waits, and how to tell the caller that it does. */
export interface Held {
  readonly open: Open;
  readonly uid: number;
  /** Names the call for a preview's processes. */
  readonly mark: string;
  readonly givenUp: AbortSignal;
  /** Called for each question that is put. */
  readonly pending: (asked: Refused, line: string) => void;
}

/**
 * Holds a call that a rule asks about until a person has answered, or its time is over. What has been decided is decided
 * again before it counts: the config, the folder and what would be pushed may have changed while a person was looking.
 */
export async function holdCall(host: Host, approvals: Approvals, held: Held): Promise<Release> {
  if (!approvals.enter(host.config.limits.queue)) {
    return { kind: "error", ...crowdedFailure(host) };
  }
  try {
    const sinceMs = Date.now();
    let release: Release | undefined;
    while (release === undefined) {
      release = held.givenUp.aborted ? { kind: "given_up" } : await askOnce(host, approvals, held, sinceMs);
    }
    return release;
  } finally {
    approvals.leave();
  }
}

/** One question, or none; undefined when all has to be looked at anew. */
async function askOnce(host: Host, approvals: Approvals, held: Held, sinceMs: number): Promise<Release | undefined> {
  const outcome = decide(host, held.open);
  if (outcome.kind === "error") {
    return outcome;
  }
  const { decision, invocation } = outcome;
  const { config } = host;
  const refusal = refusalOf(config, decision);
  if (refusal === undefined) {
    return { kind: "run", decision, cwd: invocation.cwd, approval: undefined };
  }
  if (refusal.effect === "deny") {
    return { kind: "refused", decision, invocation, refusal, approval: undefined };
  }
  const facts = factsOf(host, held.open, invocation, refusal);
  const refuse = (why: Parameters<typeof unapproved>[1], approval: Approval): Release => {
    return { kind: "refused", decision, invocation, refusal: unapproved(refusal, why), approval };
  };
  const chars = JSON.stringify(facts).length;
  if (chars > MAX_SHOWN_CHARS) {
    return refuse({ kind: "too_long", chars, maxChars: MAX_SHOWN_CHARS }, { approval: "nobody" });
  }
  const key = keyOf(host, invocation, facts);
  const known = approvals.remembered(key);
  if (known !== undefined) {
    const approval = { approval: "remembered", approver: known.by } as const;
    return { kind: "run", decision, cwd: invocation.cwd, approval };
  }
  const preview = await previewOf(host, held.open, invocation.cwd, held.mark);
  if (host.config !== config || held.givenUp.aborted) {
    return undefined;
  }
  const isAsShown = async (): Promise<boolean> => {
    const now = decide(host, held.open);
    const isSame =
      now.kind === "decision" &&
      now.decision.effect === "ask" &&
      Bun.deepEquals(factsOf(host, held.open, now.invocation, now.decision), facts);
    const found = isSame ? await previewOf(host, held.open, invocation.cwd, held.mark) : undefined;
    if (!isSame || found !== preview) {
      // What an approver saw is not there any more: whoever wonders why a yes did not count finds it here.
      const what = isSame ? { shown: preview, found } : { shown: facts.line };
      log("info", "approval_void", { tool: config.plugin, session: held.mark, ...what });
    }
    return isSame && found === preview;
  };
  held.pending(refusal, facts.line);
  const times = { askedMs: Date.now(), untilMs: sinceMs + config.limits.approvalMs };
  const answered = await approvals.ask({ ...facts, preview, uid: held.uid, ...times }, key, isAsShown, held.givenUp);
  switch (answered.kind) {
    case "answered": {
      const { verdict, by, word } = answered.answer;
      const approval = { approval: verdict, approver: by, ...(word === "" ? {} : { word }) };
      return verdict === "deny"
        ? refuse({ kind: "denied", word }, approval)
        : { kind: "run", decision, cwd: invocation.cwd, approval };
    }
    case "timeout":
      return refuse({ kind: "timeout", afterMs: config.limits.approvalMs }, { approval: "timeout" });
    default:
      return undefined;
  }
}

type Facts = Pick<Question, "line" | "ascii" | "args" | "cwd" | "env" | "rule" | "place" | "reason">;

function factsOf({ config }: Host, open: Open, { args, cwd }: Invocation, { rule, denial, asks }: Refused): Facts {
  const line = exactLine(config.plugin, args);
  const env = addedEnvironment(config, readEnvironment(open.env));
  const reason = asks?.reason ?? null;
  return { line, ascii: asciiLine(line) ?? null, args, cwd, env, rule, place: denial.place, reason };
}

/**
 * What calls have in common that one approval is good for: the rule, folder and environment, and the arguments in one
 * spelling for all. Only the exact arguments where those can be read in more than one way, or where something stands
 * before the command, which that spelling leaves out.
 */
function keyOf({ config, plugin }: Host, { args }: Invocation, { rule, place, cwd, env }: Facts): string {
  const plain = args[0]?.startsWith("-") === false ? canonicalArguments(grammarOf(plugin, config)(args)) : undefined;
  const variables = Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([rule, place, cwd, variables, plain === undefined ? "exact" : "read", plain ?? args]);
}
