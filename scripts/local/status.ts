import { brokerTool } from "../home/brokered.ts";
import { configuredTools, socketPath, type Home } from "../home/home.ts";
import { START_MS, type PluginStatus } from "../home/plugin-status.ts";
import { isRunning, readRecords, type RunRecord } from "./record.ts";
import { askPlugins, type Report } from "./reports.ts";
import { lastWordsOf } from "./words.ts";

/** Every tool with a config, and whatever else runs or answers in this home; of brokers, see broker.ts. */
export async function readStatus(home: Home): Promise<PluginStatus[]> {
  const [configured, records, reports] = await Promise.all([
    configuredTools(home),
    readRecords(home),
    askPlugins(home),
  ]);
  const running = [...records].flatMap(([tool, record]) =>
    isRunning(record) && brokerTool(tool) === undefined ? [tool] : [],
  );
  const answering = [...reports.values()].flatMap(({ tool, state }) => (state === "ready" ? [tool] : []));
  const tools = new Set([...configured, ...running, ...answering]);
  return await Promise.all(
    [...tools].toSorted().map(async (tool) => await statusOf(home, tool, records.get(tool), reports.get(tool))),
  );
}

async function statusOf(home: Home, tool: string, record?: RunRecord, report?: Report): Promise<PluginStatus> {
  if (report?.state === "ready") {
    const { socket, pid, since, sessions, carrier, problem } = report;
    const told = { tool, socket, pid, since, sessions, carrier };
    return problem === null
      ? { ...told, state: "ready", reason: null, next: null }
      : { ...told, state: "config invalid", reason: problem, next: "the rules of before hold until it is mended" };
  }
  const silent = { tool, socket: socketPath(home, tool), pid: null, since: null, sessions: 0, carrier: null };
  const next = `start it with scripts/run.sh start ${tool}`;
  if (record === undefined) {
    return { ...silent, state: "down", reason: "not started", next };
  }
  if (!isRunning(record)) {
    return { ...silent, state: "failed", reason: await lastWordsOf(home, tool, record), next };
  }
  const isYoung = Date.now() - record.startedMs < START_MS;
  const reason = report === undefined || report.reason === "ENOENT" ? "its socket is not there yet" : report.reason;
  return isYoung
    ? { ...silent, state: "starting", pid: record.pid, reason, next: null }
    : { ...silent, state: "down", pid: record.pid, reason, next: `try scripts/run.sh restart ${tool}` };
}
