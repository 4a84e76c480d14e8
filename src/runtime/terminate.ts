import { adoptedChildren, isAdopted, readMark, type Tools } from "./adopted.ts";
import { descendants, listProcesses, signalProcess, type ProcessInfo } from "./processes.ts";
import type { ToolProcess } from "./spawn.ts";

/** Whose processes are meant: a tool, and all that came of it. */
export interface Family {
  readonly tool: ToolProcess;
  /** Value of the variable that marks the processes of one session. */
  readonly mark: string;
  /** When the session began, in ticks since boot. */
  readonly bornAfterTicks: number;
}

const POLL_MS = 20;
/** A tool that forks faster than this many looks can follow is left to the container's own limits. */
const MAX_SWEEPS = 50;

/**
 * Ends a tool and what escaped from it: SIGTERM to all, `graceMs` to end in, then SIGKILL until nothing is left.
 * Resolves when they are gone. `tools` are all that run, which are nobody's orphans.
 */
export async function terminate(family: Family, graceMs: number, tools: Tools): Promise<void> {
  signalAll(family, tools, "SIGTERM");
  // A stopped process acts on SIGTERM only when it is continued.
  signalAll(family, tools, "SIGCONT");
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline && members(family, tools).length > 0) {
    await Bun.sleep(POLL_MS);
  }
  for (let sweep = 0; sweep < MAX_SWEEPS && signalAll(family, tools, "SIGKILL") > 0; sweep += 1) {
    await Bun.sleep(POLL_MS);
  }
}

function signalAll(family: Family, tools: Tools, signal: NodeJS.Signals): number {
  const found = members(family, tools);
  signalProcess(-family.tool.pid, signal);
  for (const { pid } of found) {
    signalProcess(pid, signal);
  }
  return found.length;
}

/**
 * The tool, its group, their descendants, everything that carries the mark, and adopted orphans of the session's time
 * whose mark is gone or is of no session that runs: a program that leaves its parents and changes its mark has something
 * to hide.
 */
function members({ tool, mark, bornAfterTicks }: Family, tools: Tools): ProcessInfo[] {
  adoptedChildren(tools);
  const all = listProcesses().filter((info) => !info.isZombie && info.startTicks >= bornAfterTicks);
  const found = new Set<number>();
  for (const info of all) {
    if (info.pid === tool.pid || info.group === tool.pid || isMarked(info, mark, tools)) {
      found.add(info.pid);
    }
  }
  const family = descendants(all, found);
  return all.filter(({ pid }) => family.has(pid));
}

function isMarked(info: ProcessInfo, mark: string, tools: Tools): boolean {
  if (info.pid === process.pid || tools.has(info.pid)) {
    return false;
  }
  const found = readMark(info.pid);
  return found === mark || (isAdopted(info, tools) && !tools.values().some((running) => running === found));
}
