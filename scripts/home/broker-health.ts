import type { PluginStatus } from "./plugin-status.ts";

/** What a broker says of itself: see src/broker/health.ts. */
export interface BrokerReport {
  readonly requests: number;
  /** What does not work, one sentence each. */
  readonly problems: readonly string[];
}

/** Reads what `plugin-server health URL --json` printed; undefined when it is no report of a broker that takes requests. */
export function readBrokerReport(text: string): BrokerReport | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== "object" || answer === null || !("state" in answer) || answer.state !== "ready") {
      return undefined;
    }
    const requests = "requests" in answer ? Number(answer.requests) : 0;
    const problems = "problems" in answer && Array.isArray(answer.problems) ? answer.problems.map(String) : [];
    return { requests, problems };
  } catch {
    return undefined;
  }
}

/** The row of a broker that answers. */
export function brokerRow(found: PluginStatus, { requests, problems }: BrokerReport): PluginStatus {
  const row: PluginStatus = { ...found, state: "ready", sessions: requests, reason: null, next: null };
  if (problems.length === 0) {
    return row;
  }
  const reason = problems.join("; ");
  const secrets = new Set([...reason.matchAll(/\bsecrets\/([\w.-]+)/g)].map(([, name]) => `secret set ${name}`));
  const next =
    secrets.size === 0
      ? "the next request tries again"
      : `scripts/run.sh ${[...secrets].join(", ")}; the next request tries it`;
  return { ...row, state: "failing", reason, next };
}
