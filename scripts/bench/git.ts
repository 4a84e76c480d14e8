import { trueConfig } from "./calls.ts";
import { interleave } from "./interleave.ts";
import { Plugin } from "./plugin.ts";
import { ratioRow, type Options, type Report, type Row } from "./report.ts";
import { makeRepository } from "./repository.ts";
import { medians, type Samples } from "./stats.ts";
import { timed } from "./timed.ts";
import type { Workplace } from "./workplace.ts";

const COMMITS = 5000;

type Name = "client true" | "client status" | "direct status" | "client log" | "direct log";

/** Real work with the rules that ship: it may cost what a call of `true` costs, and no more. */
export async function benchGit(place: Workplace, { isQuick }: Options): Promise<Report> {
  const repository = place.path("repository");
  makeRepository(repository, COMMITS, place.env);
  await using git = await Plugin.start(place, { name: "git", config: await place.source("plugins/git/git.yaml") });
  await using nothing = await Plugin.start(place, { name: "true", config: trueConfig() });
  const where = { cwd: repository, env: place.env };
  const samples: Samples<Name> = await interleave<Name>(
    {
      // In this run again: what `true` cost a minute ago is no measure for what it costs now.
      "client true": () => timed(nothing.command("true"), where),
      "client status": () => timed(git.command("git", "status"), where),
      "direct status": () => timed(["git", "status"], where),
      "client log": () => timed(git.command("git", "log", "-1000"), where),
      "direct log": () => timed(["git", "log", "-1000"], where),
    },
    { rounds: isQuick ? 36 : 300, warmup: 6 },
  );
  return {
    rows: [row("`git status`", samples, "status"), row("`git log -1000`", samples, "log")],
    samples,
    notes: [...git.complaints(), ...nothing.complaints()],
  };
}

function row(command: string, samples: Samples<Name>, verb: "status" | "log"): Row {
  const ms = medians(samples);
  const direct = ms[`direct ${verb}`];
  const cost = ms["client true"];
  return ratioRow({
    what: `${command} in ${COMMITS} commits, against direct git + a call of \`true\` through a plugin`,
    measured: `${ms[`client ${verb}`].toFixed(2)} ms; ${direct.toFixed(2)} + ${cost.toFixed(2)} ms`,
    samples,
    ratio: (m) => m[`client ${verb}`] / (m[`direct ${verb}`] + m["client true"]),
    target: { atMost: 1 },
  });
}
