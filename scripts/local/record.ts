import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";

import { toolsNamedIn, type Home } from "../home/home.ts";

/** What is remembered of a daemon that was started; kept until it is stopped, so that one that died is noticed. */
export interface RunRecord {
  readonly pid: number;
  /** When that process began, in the kernel's words: a pid is given out again, the pair is not. */
  readonly began: string;
  readonly project: string;
  /** The same for people and for limits: milliseconds since 1970. */
  readonly startedMs: number;
  /** Where in the log this run of the daemon starts. */
  readonly logOffset: number;
  /** URL of the broker that a plugin was started with. */
  readonly broker?: string;
}

export async function writeRecord(home: Home, tool: string, record: RunRecord): Promise<void> {
  const path = recordPath(home, tool);
  await writeFile(`${path}.new`, `${JSON.stringify(record)}\n`);
  await rename(`${path}.new`, path);
}

/** A record that is unreadable counts as none: it names no process that could be signalled safely. */
export async function readRecord(home: Home, tool: string): Promise<RunRecord | undefined> {
  try {
    const read: unknown = await Bun.file(recordPath(home, tool)).json();
    return isRecord(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

export async function removeRecord(home: Home, tool: string): Promise<void> {
  await rm(recordPath(home, tool), { force: true });
}

export async function readRecords(home: Home): Promise<Map<string, RunRecord>> {
  const records = new Map<string, RunRecord>();
  for (const tool of await toolsNamedIn(home.run, ".json")) {
    const record = await readRecord(home, tool);
    if (record !== undefined) {
      records.set(tool, record);
    }
  }
  return records;
}

/** Whether the daemon of this record still runs: the pid exists and is the process that we started. */
export function isRunning(record: RunRecord): boolean {
  return processBegan(record.pid) === record.began;
}

/** When a process began, undefined if there is none or only a zombie. */
export function processBegan(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, second, may hold spaces and brackets: count from the last bracket. Third is the state, 22nd the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return process.platform === "linux" ? undefined : beganByPs(pid);
  }
}

function beganByPs(pid: number): string | undefined {
  const began = Bun.spawnSync(["ps", "-o", "lstart=", "-p", String(pid)])
    .stdout.toString()
    .trim();
  return began === "" ? undefined : began;
}

function isRecord(value: unknown): value is RunRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "pid" in value &&
    Number.isSafeInteger(value.pid) &&
    Number(value.pid) > 1 &&
    "began" in value &&
    typeof value.began === "string" &&
    "project" in value &&
    typeof value.project === "string" &&
    "startedMs" in value &&
    typeof value.startedMs === "number" &&
    "logOffset" in value &&
    typeof value.logOffset === "number"
  );
}

function recordPath(home: Home, tool: string): string {
  return `${home.run}/${tool}.json`;
}
