import type { DenialCode, Refused } from "./decision.ts";
import { formatDuration } from "./duration.ts";
import { clip } from "./printable.ts";
import { RETRY } from "./retry.ts";

/** Why a call that needs a person's approval did not get it. */
export type Unapproved =
  | { readonly kind: "nobody" }
  | { readonly kind: "too_long"; readonly chars: number; readonly maxChars: number }
  | { readonly kind: "timeout"; readonly afterMs: number }
  | { readonly kind: "denied"; readonly word: string };

/** The most that a person's word about a denial may have. */
export const MAX_WORD_CHARS = 160;

/** The refusal that becomes of a question which was not answered by a yes. */
export function unapproved(asked: Refused, why: Unapproved): Refused {
  const { called, by, reason: own, hint: ownHint } = asked.asks ?? { called: "the call", by: asked.rule };
  const { code, reason, ending, hint } = wordsFor(why, ownHint);
  const cause = own === undefined ? "" : `; ${own}`;
  const sentence = why.kind === "denied" ? `${called} is denied by a person (${by})` : `${called} is denied by ${by}`;
  const message =
    why.kind === "denied"
      ? `${sentence}${why.word === "" ? "" : `: ${reason}`}. ${ending}; ${hint}.`
      : `${sentence}: ${reason}${cause}. ${ending}; ${hint}.`;
  return { ...asked, effect: "deny", message, denial: { ...asked.denial, code, reason, hint } };
}

/** `Waiting for approval of "git push origin main" (rule release, git.yaml:5)`. */
export function pendingSentence({ asks, rule }: Refused, line: string): string {
  return `Waiting for approval of "${clip(line, 120)}" (${asks?.by ?? rule})`;
}

const OPERATOR = "ask the operator to change the rule";

function wordsFor(
  why: Unapproved,
  own: string | undefined,
): { readonly code: DenialCode; readonly reason: string; readonly ending: string; readonly hint: string } {
  switch (why.kind) {
    case "nobody":
      return {
        code: "approval_needed",
        reason: "it needs a person's approval, and nobody can be asked here",
        ending: RETRY.kind,
        hint: own ?? OPERATOR,
      };
    case "too_long":
      return {
        code: "approval_needed",
        reason: `it needs a person's approval, and is too long to be shown to one (${why.chars} characters, at most ${why.maxChars})`,
        ending: RETRY.length,
        hint: "write it shorter: put text into a file",
      };
    case "timeout":
      return {
        code: "approval_timeout",
        reason: `no person answered within ${formatDuration(why.afterMs)}`,
        ending: RETRY.unanswered,
        hint: "tell the user, who answers in scripts/run.sh approvals",
      };
    default:
      return {
        code: "approval_denied",
        reason: why.word === "" ? "a person said no" : why.word,
        ending: RETRY.denied,
        hint: own ?? "do what they say, or ask the user",
      };
  }
}
