/** A call that waits for a person, as approvers see it. Nothing in it is shortened; the caller chose most of it. */
export interface Question {
  /** `git-1f2e3d4c`: the tool, and a number by chance. */
  readonly id: string;
  readonly tool: string;
  /** The whole call in one line that a shell would read back as the same; without control characters. */
  readonly line: string;
  /** The line in ASCII, where it has other characters: letters of two scripts may look alike. */
  readonly ascii: string | null;
  readonly args: readonly string[];
  /** Real path. */
  readonly cwd: string;
  /** What the caller adds to the tool's environment, but for language, terminal, colours and names. */
  readonly env: Readonly<Record<string, string>>;
  readonly rule: string;
  /** `file:line:column`; null when the config's default asks. */
  readonly place: string | null;
  /** Why the rule asks, in its author's words. */
  readonly reason: string | null;
  /** What the call would change, as the plugin found out from files that are the agent's; null when it cannot tell. */
  readonly preview: string | null;
  /** The caller's user. */
  readonly uid: number;
  /** Milliseconds since 1970. */
  readonly askedMs: number;
  /** When it is denied for want of an answer. */
  readonly untilMs: number;
}

export const VERDICTS = ["once", "session", "deny"] as const;

/** What a person says to a question. */
export interface Answer {
  /** Run it; run it and those like it until the daemon ends or its config changes; do not. */
  readonly verdict: (typeof VERDICTS)[number];
  /** Who says so, by the name that the approver's side gave. */
  readonly by: string;
  /** Why not, for the caller; may be empty. */
  readonly word: string;
}

/**
 * What becomes of a question: answered; nobody did in time; the call or the config is another one now, so that it is
 * decided about anew; or whoever called does not wait any more.
 */
export type Outcome =
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "timeout" | "changed" | "given_up" };

/** What an approver is told about an answer. */
export type Receipt =
  | { readonly result: "taken" }
  | { readonly result: "changed" }
  | { readonly result: "answered"; readonly answer: Answer }
  | { readonly result: "gone"; readonly how: Outcome["kind"] | "unknown" };

/** A question that is over. */
export interface Settled {
  readonly id: string;
  readonly how: Outcome["kind"];
  readonly answer: Answer | null;
}

/** All that approvers can know of one daemon. */
export interface State {
  readonly tool: string;
  /** Whether the tool, which is the agent's code, is kept from answering. */
  readonly isGuarded: boolean;
  /** Another number whenever anything else here is another. */
  readonly sequence: number;
  readonly questions: readonly Question[];
  /** The last ones. */
  readonly settled: readonly Settled[];
}
