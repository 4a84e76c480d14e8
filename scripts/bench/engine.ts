/** Whether a container engine answers here. */
export function hasEngine(): boolean {
  if (Bun.which("docker") === null) {
    return false;
  }
  const asked = ["info", "--format", "{{.ServerVersion}}"];
  return Bun.spawnSync(["docker", ...asked], { timeout: 5_000, stdout: "ignore", stderr: "ignore" }).success;
}
