import { describe } from "bun:test";

import { hasEngine } from "../../scripts/bench/engine.ts";

/** Asked once. */
const isThere: boolean = hasEngine();

if (!isThere) {
  console.log("test/compose: no container engine answers `docker info`: the tests that need one are skipped");
}

/** A group of tests that need an engine. */
export const describeWithEngine: (title: string, tests: () => void) => void = describe.skipIf(!isThere);
