/** Polls, for what is waited for is no child of ours. Resolves to whether it came true in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
  pollMs: number,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() >= end) {
      return false;
    }
    await Bun.sleep(pollMs);
  }
  return true;
}
