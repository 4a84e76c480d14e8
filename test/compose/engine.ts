import { describe } from "bun:test";

import { hasEngine as askEngine } from "../../scripts/bench/engine.ts";

/** Whether a container engine answers; asked once. */
export const hasEngine: boolean = askEngine();

if (!hasEngine) {
  console.log("test/compose: no container engine answers `docker info`: the tests that need one are skipped");
}

/** A group of tests that need an engine. */
export const describeWithEngine: (title: string, tests: () => void) => void = describe.skipIf(!hasEngine);
