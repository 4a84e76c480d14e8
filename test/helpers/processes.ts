import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { waitFor } from "./wait-for.ts";

/** Asks a daemon to end, as `stop` does, and resolves to its exit status; one that has not ended after 5 s is killed. */
export async function end(daemon: Bun.Subprocess): Promise<number> {
  const timer = setTimeout(() => daemon.kill("SIGKILL"), 5000);
  daemon.kill("SIGTERM");
  try {
    return await daemon.exited;
  } finally {
    clearTimeout(timer);
  }
}

/** Kills every process that works in `folder` or below it, and resolves when none is left. */
export async function killAllIn(folder: string): Promise<void> {
  await waitFor(`nobody works in ${folder}`, () => {
    const pids = processes().filter((pid) => isAlive(pid) && isIn(pid, folder));
    for (const pid of pids) {
      kill(pid);
    }
    return pids.length === 0;
  });
}

function isIn(pid: number, folder: string): boolean {
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** What the kernel says of a process, in one letter ("S" sleeps, "T" is stopped …); undefined when it is gone or a zombie. */
export function stateOf(pid: number): string | undefined {
  const state = statusField(pid, "State")?.charAt(0);
  return state === "Z" || state === "X" ? undefined : state;
}

/**
 * Whether a process is stopped. A shell that starts a command waits in the kernel ("D") until that has begun, and goes on
 * waiting when the command was stopped before.
 */
export function isStopped(pid: number): boolean {
  const state = stateOf(pid);
  return state === "T" || (state === "D" && childrenOf(pid).some((child) => stateOf(child) === "T"));
}

export function isAlive(pid: number): boolean {
  return stateOf(pid) !== undefined;
}

/** Whether a process has a handler for the signal with this number. */
export function catches(pid: number, signal: number): boolean {
  const caught = BigInt(`0x${statusField(pid, "SigCgt") ?? "0"}`);
  return ((caught >> BigInt(signal - 1)) & 1n) === 1n;
}

export function residentKiB(pid: number): number {
  return Number.parseInt(statusField(pid, "VmRSS") ?? "0", 10);
}

/** What the open descriptors of a process lead to. */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)];
    } catch {
      return [];
    }
  });
}

/** Bytes that a process has written so far. */
export function writtenBytes(pid: number): number {
  return Number(/^wchar: (\d+)$/mu.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
}

/** The processes that `pid` has started and that still run, in no particular order. */
export function childrenOf(pid: number): number[] {
  return processes().filter((candidate) => Number(statusField(candidate, "PPid")) === pid && isAlive(candidate));
}

function processes(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .map(Number);
}

function statusField(pid: number, name: string): string | undefined {
  try {
    return new RegExp(`^${name}:\\s+(.*)$`, "mu").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
