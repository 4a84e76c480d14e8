/** The end of what a plugin wrote, in one line: one that refuses to start explains itself there. */
export function lastWords(written: string): string | null {
  const lines = written.split("\n").filter((line) => line.trim() !== "");
  // One that is started again and again says the same each time.
  const distinct = [...new Set(lines.map(plainWords).toReversed())].slice(0, LAST_LINES).toReversed();
  return distinct.length === 0 ? null : distinct.join("; ");
}

const LAST_LINES = 3;

/** The sentence in a line of JSON; any other line as it is, without what would move a cursor. */
function plainWords(line: string): string {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event === "object" && event !== null && "event" in event) {
      const message = "message" in event ? event.message : "error" in event ? event.error : undefined;
      return typeof message === "string" ? `${String(event.event)}: ${message}` : String(event.event);
    }
  } catch {
    // Not JSON: words for people.
  }
  return line.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/gu, " ").trim();
}
