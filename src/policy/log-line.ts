/** One JSON object a line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Takes one event. */
export type Log = (level: "info" | "warn" | "error", event: string, fields: LogFields) => void;

// JSON leaves DEL and the C1 controls as they are, and a terminal obeys some of those.
const CONTROLS = /[\u007f-\u009f\u2028\u2029]/gu;

/**
 * One event as a line with its newline; every control character in it is escaped, so that nobody who sends text can
 * forge a line or move a cursor.
 */
export function logLine(level: "info" | "warn" | "error", event: string, fields: LogFields): string {
  const line = JSON.stringify({ time: new Date().toISOString(), level, event, ...fields });
  return `${line.replaceAll(CONTROLS, escape)}\n`;
}

function escape(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
