import { hyperfineMedians } from "./hyperfine.ts";
import { interleave } from "./interleave.ts";
import { Plugin } from "./plugin.ts";
import { ratioRow, type Options, type Report } from "./report.ts";
import { medians, type Figure } from "./stats.ts";
import { timed } from "./timed.ts";
import type { Workplace } from "./workplace.ts";

const DISAGREEMENT = 0.1;

type Name = "client" | "empty" | "laidOut" | "direct";

/** `true` through the plugin, against the sum of an empty compiled program and `true` run directly. */
export async function benchCalls(place: Workplace, { isQuick }: Options): Promise<Report> {
  await using plugin = await Plugin.start(place, { name: "true", config: trueConfig() });
  const where = { cwd: place.folder, env: place.env };
  const commands = {
    client: plugin.command("true"),
    empty: [place.empty],
    laidOut: [place.emptyLaidOut],
    direct: [trueProgram()],
  };
  const samples = await interleave(
    {
      client: () => timed(commands.client, where),
      empty: () => timed(commands.empty, where),
      laidOut: () => timed(commands.laidOut, where),
      direct: () => timed(commands.direct, where),
    },
    { rounds: isQuick ? 60 : 450, warmup: 10 },
  );
  const ratio: Figure<Name> = ({ client, empty, direct }) => client / (empty + direct);
  const found = medians(samples);
  const other = hyperfineMedians(place, commands, isQuick ? 40 : 200);
  return {
    rows: [
      ratioRow({
        what: "`plugin-client … true`, against an empty compiled program + `true` run directly",
        measured: `${found.client.toFixed(2)} ms; ${found.empty.toFixed(2)} + ${found.direct.toFixed(2)} ms`,
        samples,
        ratio,
        target: { atMost: 1.25 },
      }),
      ratioRow({
        what: "the same, against an empty program that is laid out in its file as the client is",
        measured: `${found.client.toFixed(2)} ms; ${found.laidOut.toFixed(2)} + ${found.direct.toFixed(2)} ms`,
        samples,
        ratio: ({ client, laidOut, direct }: Record<Name, number>) => client / (laidOut + direct),
      }),
    ],
    samples,
    notes: [...(other === undefined ? [] : [compare(ratio(found), ratio(other))]), ...plugin.complaints()],
  };
}

export function trueConfig(): string {
  return `plugin: "true"\nexec: ${trueProgram()}\n`;
}

export function trueProgram(): string {
  return Bun.which("true") ?? "/bin/true";
}

function compare(ours: number, theirs: number): string {
  const verdict = Math.abs(theirs / ours - 1) <= DISAGREEMENT ? "agrees" : "disagrees";
  return `\`hyperfine -N\`, one command after the other, ${verdict}: ${theirs.toFixed(2)} × instead of ${ours.toFixed(2)} ×`;
}
