import { callAtOnce } from "./call-at-once.ts";
import { Plugin } from "./plugin.ts";
import type { Options, Report, Row } from "./report.ts";
import { HEAD_CONFIG, RELAYED_HEAD_CONFIG } from "./stdout.ts";
import { timed } from "./timed.ts";
import type { Workplace } from "./workplace.ts";

const AT_ONCE = 4;
const FIRST_CALLS = 100;
const STEPS = 10;
const MAX_GROWTH_MIB = 20;
/** A daemon tidies up behind its calls for a moment. */
const REST_MS = 1500;

interface Work {
  readonly carrier: "descriptors" | "frames";
  readonly calls: number;
  readonly gib: number;
}

/** What a plugin holds of memory after much work, against what it held after a little. */
export async function benchMemory(place: Workplace, { isQuick }: Options): Promise<Report> {
  const calls = isQuick ? 1000 : 10_000;
  const works: Work[] = [
    { carrier: "frames", calls, gib: isQuick ? 1 : 10 },
    { carrier: "descriptors", calls, gib: 0 },
  ];
  const found = await Array.fromAsync(works, (work) => measure(place, work));
  return {
    rows: found.map(({ row }) => row),
    samples: {},
    series: Object.fromEntries(found.map(({ residentMib }, place) => [`${works[place]?.carrier} MiB`, residentMib])),
    notes: found.flatMap(({ notes }) => notes),
  };
}

interface Found {
  readonly row: Row;
  /** After the first calls, after each tenth of them, and after the bytes. */
  readonly residentMib: readonly number[];
  readonly notes: readonly string[];
}

async function measure(place: Workplace, { carrier, calls, gib }: Work): Promise<Found> {
  const config = carrier === "frames" ? RELAYED_HEAD_CONFIG : HEAD_CONFIG;
  await using plugin = await Plugin.start(place, { name: `head-${carrier}`, config });
  const residentMib: number[] = [];
  const failures: string[] = [];
  const call = async (count: number): Promise<void> => {
    const crowd = await callAtOnce(place, plugin.command("head", "-c", "1", "/dev/zero"), {
      calls: count,
      atOnce: AT_ONCE,
    });
    failures.push(...crowd.failures);
    await Bun.sleep(REST_MS);
    residentMib.push(plugin.resident().nowMib);
  };
  await call(FIRST_CALLS);
  for (let step = 0; step < STEPS; step++) {
    await call((calls - FIRST_CALLS) / STEPS);
  }
  if (gib > 0) {
    for (let rest = gib; rest > 0; rest--) {
      timed(plugin.command("head", "-c", "1G", "/dev/zero"), { cwd: place.folder, env: place.env });
    }
    await Bun.sleep(REST_MS);
    residentMib.push(plugin.resident().nowMib);
  }
  const [first = 0] = residentMib;
  const last = residentMib.at(-1) ?? 0;
  const bytes = gib > 0 ? ` and ${gib} GiB` : "";
  return {
    row: {
      what: `plugin's memory after ${calls} calls${bytes} over ${carrier}, against after the first ${FIRST_CALLS}`,
      measured: `${last.toFixed(1)} MiB; ${first.toFixed(1)} MiB; peak ${plugin.resident().peakMib.toFixed(1)} MiB`,
      result: `${last >= first ? "+" : "−"} ${Math.abs(last - first).toFixed(1)} MiB`,
      target: `≤ + ${MAX_GROWTH_MIB} MiB`,
      isMet: last - first <= MAX_GROWTH_MIB,
    },
    residentMib,
    notes: [...failures.slice(0, 3), ...plugin.complaints()],
  };
}
