/** A call as the log of a plugin has it. */
export interface AuditRecord {
  /** Undefined when the log has cut them short. */
  readonly args: readonly string[] | undefined;
  /** As the client sent it. */
  readonly cwd: string;
  readonly effect: string;
  readonly rule: string;
}

/** The record in one line of a log. Undefined for every other line, and for calls of another tool or without a decision. */
export function readRecord(line: string, tool: string): AuditRecord | undefined {
  const fields = parse(line);
  if (!isMap(fields) || fields["event"] !== "session" || fields["tool"] !== tool) {
    return undefined;
  }
  const { args, cwd, decision, rule } = fields;
  if (typeof args !== "string" || typeof cwd !== "string" || typeof decision !== "string" || typeof rule !== "string") {
    return undefined;
  }
  const list = parse(args);
  const isWhole = Array.isArray(list) && list.every((item) => typeof item === "string");
  return { args: isWhole ? list : undefined, cwd, effect: decision, rule };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
