import { logLine, type LogFields } from "../policy/log-line.ts";

export type { LogFields };

/** Writes one event as a line of JSON to stderr. */
export function log(level: "info" | "warn" | "error", event: string, fields: LogFields): void {
  process.stderr.write(logLine(level, event, fields));
}
