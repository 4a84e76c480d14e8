import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

/** Where figures come from: without it they say little. */
export interface Machine {
  readonly bun: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
}

export function readMachine(): Machine {
  const all = cpus();
  return {
    bun: Bun.version,
    kernel: release(),
    cpu: all[0]?.model ?? "unknown",
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
  };
}

/** `othersShare` as of `watchOthers`. */
export function describeMachine({ bun, kernel, cpu, cores, memoryGib }: Machine, othersShare: number): string {
  const others = `${Math.round(100 * othersShare)} % of it busy with other programs meanwhile`;
  return `Bun ${bun}, Linux ${kernel}, ${cpu}, ${cores} cores, ${memoryGib} GiB, ${others}`;
}

/** Begins to look at what others use; what it returns says which share of all cores that was up to then. */
export function watchOthers(): () => number {
  const before = readTicks();
  return () => {
    const { all, busy, ours } = readTicks();
    return Math.max(0, busy - before.busy - (ours - before.ours)) / Math.max(1, all - before.all);
  };
}

/** Clock ticks since the machine and we were started; ours with all our children that have ended. */
function readTicks(): { readonly all: number; readonly busy: number; readonly ours: number } {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
  // user nice system idle iowait irq softirq steal; guests are part of the first two.
  const ticks = line.split(/\s+/).slice(1, 9).map(Number);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const own = readFileSync("/proc/self/stat", "utf8");
  // Behind the name, which may hold blanks: fields 14 to 17 are utime, stime, cutime and cstime.
  const fields = own.slice(own.lastIndexOf(")") + 2).split(" ");
  return { all: sum(ticks), busy: sum(ticks.toSpliced(3, 2)), ours: sum(fields.slice(11, 15).map(Number)) };
}
