import { parseArgs } from "node:util";

import { benchBroker } from "./broker.ts";
import { benchCalls } from "./calls.ts";
import { benchCompose } from "./compose.ts";
import { benchCrowd } from "./crowd.ts";
import { benchGit } from "./git.ts";
import { describeMachine, readMachine, watchOthers } from "./machine.ts";
import { benchMemory } from "./memory.ts";
import type { Options, Report } from "./report.ts";
import { benchRules } from "./rules.ts";
import { summarize } from "./stats.ts";
import { benchStdout } from "./stdout.ts";
import { table } from "./table.ts";
import { Workplace } from "./workplace.ts";

const BENCHES: Readonly<Record<string, (place: Workplace, options: Options) => Promise<Report>>> = {
  calls: benchCalls,
  stdout: benchStdout,
  git: benchGit,
  memory: benchMemory,
  crowd: benchCrowd,
  rules: benchRules,
  compose: benchCompose,
  broker: benchBroker,
};

const HELP = `usage: bun scripts/bench/main.ts [--only NAME]... [--json FILE] [--quick]

Measures what a call through a plugin costs, and prints a table in Markdown.
  --only NAME   ${Object.keys(BENCHES).join(", ")}
  --json FILE   every figure, with its spread, the versions and the machine
  --quick       a few rounds of each: to see whether it works, not what comes out

exit status: 0 whatever the figures are; 1 when something could not be measured; 2 wrong usage.
`;

async function main(args: string[]): Promise<number> {
  const options = {
    only: { type: "string", multiple: true },
    json: { type: "string" },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  } as const;
  const { values } = parseArgs({ args, options });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const names = values.only ?? Object.keys(BENCHES);
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined) {
    console.error(`bench: There is no "${unknown}"; there are ${Object.keys(BENCHES).join(", ")}`);
    return 2;
  }
  const machine = readMachine();
  const others = watchOthers();
  const reports = await measure(names, { isQuick: values.quick });
  const othersShare = others();
  const all = Object.values(reports);
  console.log(`${table(all.flatMap(({ rows }) => rows))}\n\n${describeMachine(machine, othersShare)}`);
  for (const note of all.flatMap(({ notes = [] }) => notes)) {
    console.log(`- ${note}`);
  }
  if (values.json !== undefined) {
    await Bun.write(
      values.json,
      `${JSON.stringify({ machine, othersShare, isQuick: values.quick, ...inNumbers(reports) }, null, 2)}\n`,
    );
  }
  return 0;
}

async function measure(names: readonly string[], options: Options): Promise<Record<string, Report>> {
  await using place = await Workplace.create();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void place[Symbol.asyncDispose]().finally(() => process.exit(1)));
  }
  await place.build();
  const reports: Record<string, Report> = {};
  for (const name of names) {
    console.error(`bench: ${name} …`);
    const bench = BENCHES[name];
    if (bench !== undefined) {
      reports[name] = await bench(place, options);
    }
  }
  return reports;
}

function inNumbers(reports: Readonly<Record<string, Report>>): object {
  return {
    rows: Object.values(reports).flatMap(({ rows }) => rows),
    measured: Object.fromEntries(
      Object.entries(reports).map(([bench, { samples }]) => [
        bench,
        Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, summarize(values)])),
      ]),
    ),
    series: Object.assign({}, ...Object.values(reports).map(({ series }) => series)) as object,
  };
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS") ? 2 : 1;
});
