import { readFile, writeFile } from "node:fs/promises";

import { brokerRow, readBrokerReport } from "../home/broker-health.ts";
import { brokeredTools, brokerName, brokerTool } from "../home/brokered.ts";
import type { Home } from "../home/home.ts";
import { START_MS, type PluginStatus } from "../home/plugin-status.ts";
import { until } from "../home/until.ts";
import { launchBroker, stop } from "./daemon.ts";
import { isRunning, readRecord, readRecords, type RunRecord } from "./record.ts";
import { lastWordsOf } from "./words.ts";

const POLL_MS = 25;

/** Starts the broker of a tool unless it runs. Resolves to its URL, which it has also when it could not be started. */
export async function startBroker(home: Home, tool: string, project: string): Promise<string> {
  const record = await readRecord(home, brokerName(tool));
  const isThere = record !== undefined && isRunning(record);
  const port = await portOf(home, tool, isThere);
  const url = `http://127.0.0.1:${port}`;
  if (!isThere) {
    await launchBroker(home, tool, project, port);
    await until(async () => (await brokerStatus(home, tool)).state !== "starting", START_MS, POLL_MS);
  }
  return url;
}

/** Stops a broker that no config asks for any more. */
export async function stopUnwanted(home: Home, tools: readonly string[]): Promise<void> {
  const wanted = await brokeredTools(home);
  await Promise.all(
    tools.filter((tool) => !wanted.includes(tool)).map(async (tool) => await stop(home, brokerName(tool))),
  );
}

/** Of every tool whose config asks for one, and whatever else runs. */
export async function readBrokers(home: Home): Promise<PluginStatus[]> {
  const running = [...(await readRecords(home))].flatMap(([name, record]) => (isRunning(record) ? [name] : []));
  const tools = new Set([...(await brokeredTools(home)), ...running.flatMap((name) => brokerTool(name) ?? [])]);
  return await Promise.all([...tools].toSorted().map(async (tool) => await brokerStatus(home, tool)));
}

async function brokerStatus(home: Home, tool: string): Promise<PluginStatus> {
  const name = brokerName(tool);
  const record = await readRecord(home, name);
  const silent = { tool: name, socket: "", pid: null, since: null, sessions: 0, carrier: null };
  const next = `start it with scripts/run.sh start ${tool}`;
  if (record === undefined) {
    return { ...silent, state: "down", reason: "not started", next };
  }
  if (!isRunning(record)) {
    return { ...silent, state: "failed", reason: await lastWordsOf(home, name, record), next };
  }
  const found = { ...silent, pid: record.pid, since: new Date(record.startedMs).toISOString() };
  const report = await ask(home, tool);
  if (report !== undefined) {
    return brokerRow({ ...found, state: "ready", reason: null, next: null }, report);
  }
  return isYoung(record)
    ? { ...found, state: "starting", reason: "it does not answer yet", next: null }
    : { ...found, state: "down", reason: "it does not answer", next: `try scripts/run.sh restart ${tool}` };
}

function isYoung({ startedMs }: RunRecord): boolean {
  return Date.now() - startedMs < START_MS;
}

const ASK_MS = 5_000;

async function ask(home: Home, tool: string): Promise<ReturnType<typeof readBrokerReport>> {
  const asking = Bun.spawn([home.server, "health", `http://127.0.0.1:${await knownPort(home, tool)}`, "--json"], {
    cwd: home.folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: ASK_MS,
  });
  return readBrokerReport(await asking.stdout.text());
}

/** Always the same, so that a plugin finds the next broker where the last one was; another when somebody has taken it. */
async function portOf(home: Home, tool: string, isThere: boolean): Promise<number> {
  const known = await knownPort(home, tool);
  if (isThere || (known !== 0 && isFree(known))) {
    return known;
  }
  using probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  await writeFile(portPath(home, tool), `${probe.port}\n`);
  return probe.port;
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

async function knownPort(home: Home, tool: string): Promise<number> {
  const text = await readFile(portPath(home, tool), "utf8").catch(() => "");
  return /^\d{1,5}\n$/.test(text) ? Number(text) : 0;
}

function portPath(home: Home, tool: string): string {
  return `${home.run}/${brokerName(tool)}.port`;
}
