import type { Place } from "./place.ts";

/** The answer, the rule that gave it, and where that rule stands in the config. */
export type Decision = Allowed | Refused;

export interface Allowed {
  readonly effect: "allow";
  readonly rule: string;
  readonly place: Place | undefined;
}

/** Not to be run, or not before a person has agreed. */
export interface Refused {
  readonly effect: "deny" | "ask";
  readonly rule: string;
  readonly place: Place | undefined;
  /** One printable line: what, by which rule, why, and what to do. */
  readonly message: string;
  readonly denial: Denial;
  /** Of a call that a person may let through: the parts of the sentences about it. */
  readonly asks?: Asks | undefined;
}

/** A call that waits for a person, in words. */
export interface Asks {
  /** `git push`. */
  readonly called: string;
  /** `rule release, git.yaml:5`. */
  readonly by: string;
  /** The rule's own reason, and its hint. */
  readonly reason: string | undefined;
  readonly hint: string | undefined;
}

/** A refusal as programs read it: what `PLUGIN_DENIALS=json` and `--explain --json` print, with what would pass. */
export interface Denial {
  readonly code: DenialCode;
  readonly tool: string;
  /** The command as it was read; null when there is none or it cannot be told. */
  readonly command: string | null;
  readonly rule: string;
  /** `file:line:column`, the file without its folder; null when no line of the config speaks of it. */
  readonly place: string | null;
  readonly reason: string;
  readonly hint: string;
  /** The same call, in any spelling, will be refused again, or will trouble a person again. */
  readonly retryable: false;
}

/** Why calls are refused. Programs may rely on these words. */
export const DENIAL_CODES = [
  "outside_roots",
  "unclear",
  "denied_by_rule",
  "denied_by_default",
  "approval_needed",
  "approval_denied",
  "approval_timeout",
] as const;
export type DenialCode = (typeof DENIAL_CODES)[number];
