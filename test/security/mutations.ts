import { parseArgs } from "node:util";

import { hasEngine } from "../compose/engine.ts";
import { cases, hasCorpus, runCases, type Finding } from "./corpus.ts";
import { MEASURES, type Measure } from "./situation.ts";

/**
 * `bun test/security/mutations.ts [MEASURE …]` takes off one measure at a time, by config or by a compose file over
 * compose.yaml, runs the classes of attacks that it is there for, and prints how many went through. It exits with 1 if
 * a class stays without a single one, for then nothing shows that the measure does anything. That none goes through with
 * all of them on is what attacks.test.ts shows.
 */
interface Mutation {
  readonly how: string;
  /** Class of attacks, and what counts as one that went through. */
  readonly classes: Readonly<Record<string, (finding: Finding) => boolean>>;
}

const succeeds = (finding: Finding): boolean => finding.attack_succeeded === true;
/** The environment alone keeps nothing from being taken, only code from being run. */
const runsCode = (finding: Finding): boolean =>
  succeeds(finding) || (finding.strict_violated ?? []).includes("no_exec");

const MUTATIONS: Readonly<Record<Measure, Mutation>> = {
  broker: {
    how: "the tool has the credential, and asks the host itself",
    classes: {
      "B-credential": succeeds,
      "B-npm-credential": succeeds,
      "C-evade-push": succeeds,
      "C-evade-refrule": succeeds,
      "C-evade-publish": succeeds,
    },
  },
  network: { how: "the plugin's network has a way out", classes: { "B-ssrf": succeeds } },
  uid: { how: "the daemon runs as the tool's user", classes: { "D-daemon-user": succeeds } },
  environment: { how: 'env.pass is ["*"]', classes: { "A-exec-env": runsCode } },
};

if (!hasCorpus || !hasEngine) {
  console.error("mutations: It takes the attack corpus beside this checkout, and a container engine");
  process.exit(2);
}
const { positionals } = parseArgs({ allowPositionals: true });
const chosen = MEASURES.filter((measure) => positionals.length === 0 || positionals.includes(measure));
const rows: string[] = ["| measure off | class | went through |", "|---|---|---|"];
let isBad = chosen.length === 0;
for (const measure of chosen) {
  const { how, classes } = MUTATIONS[measure];
  const names = Object.keys(classes);
  const pattern = ` (${names.join("|")})$`;
  const found = await runCases(pattern, [measure]);
  for (const [name, wentThrough] of Object.entries(classes)) {
    const ids = cases.filter((each) => each.class === name).map(({ id }) => id);
    const through = count(ids, found, wentThrough);
    isBad ||= through === 0;
    rows.push(`| ${measure}: ${how} | ${name} | ${through} of ${ids.length} |`);
    console.error(rows.at(-1));
  }
}
console.log(rows.join("\n"));
process.exit(isBad ? 1 : 0);

/** @throws {Error} when one of them was not run, which is no safety */
function count(ids: readonly string[], found: ReadonlyMap<string, Finding>, is: (finding: Finding) => boolean): number {
  const findings = ids.map((id) => found.get(id) ?? { id, class: "", error: "it was not run" });
  const failed = findings.find(({ error }) => error !== undefined);
  if (failed !== undefined) {
    throw new Error(`Cannot tell about ${failed.id}: ${failed.error}`);
  }
  return findings.filter(is).length;
}
