import { describe } from "bun:test";

/** Whether a container engine answers here, asked once. */
export const hasEngine: boolean = answers();

if (!hasEngine) {
  console.log("test/compose: no container engine answers `docker info`: the tests that need one are skipped");
}

/** A group of tests that need an engine. */
export const describeWithEngine: (title: string, tests: () => void) => void = describe.skipIf(!hasEngine);

function answers(): boolean {
  if (Bun.which("docker") === null) {
    return false;
  }
  const asked = ["info", "--format", "{{.ServerVersion}}"];
  return Bun.spawnSync(["docker", ...asked], { timeout: 5_000, stdout: "ignore", stderr: "ignore" }).success;
}
