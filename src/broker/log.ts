import { logLine, type Log } from "../policy/log-line.ts";

/** Writes one event as a line of JSON to stderr: the broker's log, and its audit. */
export const log: Log = (level, event, fields) => {
  process.stderr.write(logLine(level, event, fields));
};
