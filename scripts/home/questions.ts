import type { PluginStatus } from "./plugin-status.ts";

/** How many calls wait for a person, in what `plugin-server approvals list --json` printed; undefined when it is no such answer. */
export function readQuestions(text: string): number | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null && "questions" in answer && Array.isArray(answer.questions)
      ? answer.questions.length
      : undefined;
  } catch {
    return undefined;
  }
}

/** The row of a plugin at which so many calls wait for a person; undefined: it could not be asked. */
export function withQuestions(row: PluginStatus, questions: number | undefined): PluginStatus {
  if (questions === undefined || questions === 0) {
    return { ...row, ...(questions === 0 && { questions }) };
  }
  const said = questions === 1 ? "1 call waits for an answer" : `${questions} calls wait for an answer`;
  const reason = row.reason === null ? said : `${row.reason}; ${said}`;
  return { ...row, questions, reason, next: row.next ?? "scripts/run.sh approvals" };
}
