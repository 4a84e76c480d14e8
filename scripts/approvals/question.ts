/** A call that waits for a person, as `plugin-server approvals` prints it. The caller chose most of it. */
export interface Question {
  readonly id: string;
  readonly tool: string;
  /** The whole call in one line, which a shell would read back as the same. */
  readonly line: string;
  /** The line in ASCII, where it has other characters. */
  readonly ascii: string | null;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly rule: string;
  readonly place: string | null;
  readonly reason: string | null;
  /** What it would change, in lines. */
  readonly preview: string | null;
  readonly askedMs: number;
  readonly untilMs: number;
}

export const VERDICTS = ["once", "session", "deny"] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Answer {
  readonly verdict: Verdict;
  readonly by: string;
  readonly word: string;
}

/** How a question ended: `answered`, `timeout`, `changed` (it is asked anew), `given_up` (nobody waits any more), `lost` (its plugin). */
export interface Settled {
  readonly id: string;
  readonly how: string;
  readonly answer: Answer | null;
}

/** What the plugin says to an answer. */
export interface Receipt {
  readonly result: "taken" | "changed" | "answered" | "gone";
  readonly answer?: Answer;
  readonly how?: string;
}

/** All that one plugin says. */
export interface State {
  readonly tool: string;
  /** Whether the tool is kept from answering. */
  readonly isGuarded: boolean;
  readonly questions: readonly Question[];
  readonly settled: readonly Settled[];
}

/** How it ended, for people. */
export function endingOf({ how, answer }: Settled): string {
  if (answer !== null) {
    const done = { once: "approved once", session: "approved for this session", deny: "denied" }[answer.verdict];
    return `${done} by ${answer.by}${answer.word === "" ? "" : `: ${answer.word}`}`;
  }
  return ENDINGS[how] ?? how;
}

/** What came of an answer that does not count; undefined when it does. */
export function objectionOf({ result, answer, how = "unknown" }: Receipt): string | undefined {
  if (result === "taken") {
    return undefined;
  }
  if (result === "changed") {
    return "This does not count: the call, or what it would change, is another now; it is asked again";
  }
  return result === "answered"
    ? `This does not count: it is ${endingOf({ id: "", how: "answered", answer: answer ?? null })} already`
    : `This does not count: ${ENDINGS[how] ?? "there is no such question"}`;
}

const ENDINGS: Readonly<Record<string, string>> = {
  timeout: "nobody answered in time, so it was denied",
  changed: "it is another call now, or the config is; it is decided anew",
  given_up: "whoever called does not wait any more",
  lost: "its plugin has ended; the call waits for the next one, which asks again",
};
