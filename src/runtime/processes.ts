import { readdirSync, readFileSync } from "node:fs";

/** One process as /proc/PID/stat shows it (proc(5)). */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly isZombie: boolean;
  /** Clock ticks (hundredths of a second) since boot. */
  readonly startTicks: number;
}

const TICKS_PER_SECOND = 100;

/** Every process that can be seen. One that ends meanwhile is left out. */
export function listProcesses(): ProcessInfo[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((info) => info !== undefined);
}

export function readProcess(pid: number): ProcessInfo | undefined {
  const stat = readProc(pid, "stat");
  // The name stands in parentheses and may hold anything; what follows the last one are numbers.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined) {
    return undefined;
  }
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    isZombie: fields[0] === "Z",
    startTicks: Number(fields[19]),
  };
}

/** These pids, and those of all that they have started, by the chain of parents. */
export function descendants(all: readonly ProcessInfo[], of: ReadonlySet<number>): Set<number> {
  const found = new Set(of);
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { pid } of all.filter(({ parent }) => found.has(parent))) {
      found.add(pid);
    }
  }
  return found;
}

/** The environment that the process was started with, or undefined where it may not be read. */
export function readEnvironment(pid: number): string | undefined {
  return readProc(pid, "environ");
}

/** This process's own children, adopted ones included. */
export function listChildren(): number[] {
  const children = readProc(process.pid, `task/${process.pid}/children`) ?? "";
  return children
    .split(" ")
    .filter((text) => text !== "")
    .map(Number);
}

// When this process began, in both clocks: reading the kernel's for every session would cost more.
const startedTicks = Math.floor(Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * TICKS_PER_SECOND);
const startedMs = performance.now();

/** Now, in the clock of {@link ProcessInfo.startTicks}, and rather a tick too early than too late. */
export function ticksNow(): number {
  return startedTicks + Math.floor(((performance.now() - startedMs) / 1000) * TICKS_PER_SECOND) - 1;
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return undefined;
  }
}

/** Sends a signal to a process, or with a negative number to a group; one that is gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
