import { configuredTools, logPath, socketPath, type Home } from "./home.ts";
import { askPlugins, type Report } from "./reports.ts";
import { isRunning, readRecords, type RunRecord } from "./record.ts";

export type State = "ready" | "starting" | "down" | "failed";

/** One row of `status`, and one element of `plugins` in `status --json`. */
export interface PluginStatus {
  readonly tool: string;
  readonly state: State;
  readonly socket: string;
  readonly pid: number | null;
  readonly since: string | null;
  readonly sessions: number;
  readonly reason: string | null;
}

/** Every tool with a config, and whatever else runs or answers in this home. */
export async function readStatus(home: Home): Promise<PluginStatus[]> {
  const [configured, records, reports] = await Promise.all([
    configuredTools(home),
    readRecords(home),
    askPlugins(home),
  ]);
  const running = [...records].flatMap(([tool, record]) => (isRunning(record) ? [tool] : []));
  const answering = [...reports.values()].flatMap(({ tool, state }) => (state === "ready" ? [tool] : []));
  const tools = new Set([...configured, ...running, ...answering]);
  return await Promise.all(
    [...tools].toSorted().map(async (tool) => await statusOf(home, tool, records.get(tool), reports.get(tool))),
  );
}

/** How long a daemon that does not answer counts as starting; also the limit of `start`. */
export const START_MS = 15_000;

async function statusOf(home: Home, tool: string, record?: RunRecord, report?: Report): Promise<PluginStatus> {
  if (report?.state === "ready") {
    const { socket, pid, since, sessions } = report;
    return { tool, state: "ready", socket, pid, since, sessions, reason: null };
  }
  const socket = socketPath(home, tool);
  const silent = { since: null, sessions: 0 };
  if (record === undefined) {
    return { tool, state: "down", socket, pid: null, ...silent, reason: "not started" };
  }
  if (!isRunning(record)) {
    return { tool, state: "failed", socket, pid: null, ...silent, reason: await lastWords(home, tool, record) };
  }
  const isYoung = Date.now() - record.startedMs < START_MS;
  const reason = report === undefined || report.reason === "ENOENT" ? "its socket is not there yet" : report.reason;
  return { tool, state: isYoung ? "starting" : "down", socket, pid: record.pid, ...silent, reason };
}

/** The end of what this run of the daemon wrote: a refusal to start explains itself there. */
async function lastWords(home: Home, tool: string, record: RunRecord): Promise<string> {
  const log = Bun.file(logPath(home, tool));
  const written = (await log.exists()) ? await log.slice(record.logOffset).text() : "";
  const lines = written.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0
    ? "exited without a word"
    : `exited: ${lines.slice(-LAST_LINES).map(plainWords).join("; ")}`;
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
