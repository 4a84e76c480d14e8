import { trueConfig } from "./calls.ts";
import { callAtOnce } from "./call-at-once.ts";
import { Plugin } from "./plugin.ts";
import type { Options, Report } from "./report.ts";
import { summarize } from "./stats.ts";
import type { Workplace } from "./workplace.ts";

const CLIENTS = 64;

/** Many clients at the same time, each calling `true` again and again. */
export async function benchCrowd(place: Workplace, { isQuick }: Options): Promise<Report> {
  const calls = CLIENTS * (isQuick ? 5 : 20);
  await using plugin = await Plugin.start(place, { name: "true", config: trueConfig() });
  const { ms, failures, totalMs } = await callAtOnce(place, plugin.command("true"), { calls, atOnce: CLIENTS });
  const { median, p99 } = summarize(ms);
  return {
    rows: [
      {
        what: `${CLIENTS} clients at once, each ${calls / CLIENTS} calls of \`true\``,
        measured: `p50 ${median.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${((1000 * calls) / totalMs).toFixed(0)} calls/s`,
        result: failures.length === 1 ? "1 failure" : `${failures.length} failures`,
        target: "no failure",
        isMet: failures.length === 0,
      },
    ],
    samples: { call: ms },
    notes: [...failures.slice(0, 3), ...plugin.complaints()],
  };
}
