import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { hasEngine } from "../compose/engine.ts";
import { cases, daemonAttacks, hasCorpus, runCases, runDaemonAttacks, type Finding } from "./corpus.ts";

// All cases are run before the first test, and the images may have to be built.
setDefaultTimeout(1_200_000);

if (!hasCorpus) {
  console.log("test/security: the attack corpus is not beside this checkout: its attacks, and ours, are skipped");
}

describe.skipIf(!hasCorpus || !hasEngine)("a hostile agent", () => {
  let findings: ReadonlyMap<string, Finding>;

  beforeAll(async () => {
    findings = await runCases(".");
  });

  test.each(cases.filter(({ id }) => !id.startsWith("z-")))("gets nowhere with $id, $class", ({ id }) => {
    const { error, violated, leak } = findings.get(id) ?? { error: "it was not run" };
    expect({ id, error, violated, leak }).toEqual({ id, violated: [] } as never);
  });

  test.each(cases.filter(({ id }) => id.startsWith("z-")))("stops no ordinary work: $id", ({ id }) => {
    const { error, violated, stderr } = findings.get(id) ?? { error: "it was not run" };
    expect({ id, error, violated, said: stderr }).toMatchObject({ id, violated: [] });
    expect(error).toBeUndefined();
  });
});

describe.skipIf(!hasCorpus)("a hostile client of the daemon", () => {
  let lines: ReadonlyMap<string, string>;

  beforeAll(async () => {
    lines = await runDaemonAttacks();
  });

  test.each([...daemonAttacks])("gets nowhere with %s", (id) => {
    expect(lines.get(id)).toStartWith("safe");
  });
});
