import { formatPlace, type ConfigError, type ConfigIssue } from "../policy/config-error.ts";

/** What a command of plugin-server answers: text for both streams, each with its last newline, and the exit status. */
export interface Report {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Exit statuses of plugin-server. */
export const STATUS = { ok: 0, no: 1, usage: 2 } as const;

/** An issue as programs read it. */
export interface IssueJson {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export function issueJson({ place, message }: ConfigIssue): IssueJson {
  return { file: place.file, line: place.line, column: place.column, message };
}

export function issueLine({ place, message }: ConfigIssue): string {
  return `${formatPlace(place)}: ${message}`;
}

export function warningLine({ place, message }: ConfigIssue): string {
  return `${formatPlace(place)}: warning: ${message}`;
}

/** The answer of a command that has nothing to say but why the config cannot be used. */
export function refusal(file: string, error: ConfigError, json: boolean): Report {
  return json
    ? { status: STATUS.no, stdout: jsonText({ file, ok: false, errors: error.issues.map(issueJson) }), stderr: "" }
    : { status: STATUS.no, stdout: "", stderr: `${error.message}\n` };
}

/** Joins lines, each with its newline; nothing when there are none. */
export function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
