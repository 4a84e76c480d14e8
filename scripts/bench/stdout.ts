import { interleave } from "./interleave.ts";
import { Plugin } from "./plugin.ts";
import { ratioRow, type Options, type Report } from "./report.ts";
import { medians } from "./stats.ts";
import { timed } from "./timed.ts";
import type { Workplace } from "./workplace.ts";

export const HEAD_CONFIG = "plugin: head\n";
export const RELAYED_HEAD_CONFIG = "plugin: head\nstdio: relay\n";

/** Counts what comes, and fails if that is not all of it. */
const PIPE = 'bytes=$1; shift; test "$("$@" -c "$bytes" /dev/zero | wc -c)" -eq "$bytes"';

/** The standard output of `head` through a pipe of the shell to `wc`, over both carriers, against `head` itself. */
export async function benchStdout(place: Workplace, { isQuick }: Options): Promise<Report> {
  await using passing = await Plugin.start(place, { name: "head", config: HEAD_CONFIG });
  await using relaying = await Plugin.start(place, { name: "head-relayed", config: RELAYED_HEAD_CONFIG });
  const gib = isQuick ? 0.5 : 2;
  const bytes = gib * 2 ** 30;
  const where = { cwd: place.folder, env: place.env };
  const pipe = (command: readonly string[]) => (): number =>
    timed(["sh", "-c", PIPE, "sh", String(bytes), ...command], where);
  const samples = await interleave(
    { direct: pipe(["head"]), descriptors: pipe(passing.command("head")), frames: pipe(relaying.command("head")) },
    { rounds: isQuick ? 6 : 18, warmup: 1 },
  );
  const found = medians(samples);
  const speed = (ms: number): string => `${(bytes / ms / 1e6).toFixed(2)} GB/s`;
  const row = (carrier: "descriptors" | "frames", atLeast: number) =>
    ratioRow({
      what: `stdout ${gib} GiB to a pipe, ${carrier}, against the same pipe without us`,
      measured: `${speed(found[carrier])}; ${speed(found.direct)}`,
      samples,
      ratio: (ms) => ms.direct / ms[carrier],
      target: { atLeast },
    });
  return {
    rows: [row("descriptors", 0.95), row("frames", 0.4)],
    samples,
    notes: [...passing.complaints(), ...relaying.complaints()],
  };
}
