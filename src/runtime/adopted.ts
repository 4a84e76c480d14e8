import { reap } from "./libc.ts";
import { listChildren, readEnvironment, readProcess, type ProcessInfo } from "./processes.ts";

/** The name that marks the processes of one session. */
export const MARK = "PLUGIN_SESSION";

/** The mark of its session by the pid of each program that runs for one. */
export type Tools = ReadonlyMap<number, string>;

// What is started without a session of its own is a helper of the plugin. No other process can enter this one.
const ownSession = readProcess(process.pid)?.session;

/** Whether a process is a child that this one did not start, but got when its parents had ended. */
export function isAdopted({ pid, parent, session }: ProcessInfo, tools: Tools): boolean {
  return parent === process.pid && session !== ownSession && !tools.has(pid);
}

/** The adopted children that run. Collects those that have ended, so that no zombie stays. */
export function adoptedChildren(tools: Tools): ProcessInfo[] {
  const adopted = listChildren()
    .flatMap((pid) => (tools.has(pid) ? [] : (readProcess(pid) ?? [])))
    .filter((info) => isAdopted(info, tools));
  for (const { pid } of adopted.filter(({ isZombie }) => isZombie)) {
    reap(pid);
  }
  return adopted.filter(({ isZombie }) => !isZombie);
}

/** The mark that a process was started with; undefined when there is none, or it may not be read. */
export function readMark(pid: number): string | undefined {
  const entry = readEnvironment(pid)
    ?.split("\0")
    .find((variable) => variable.startsWith(`${MARK}=`));
  return entry?.slice(MARK.length + 1);
}
