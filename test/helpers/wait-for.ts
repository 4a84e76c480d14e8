const POLL_MS = 10;
/** Far above what anything takes, for machines with more to do than these tests. */
const BOUND_MS = 15_000;

/** Looks until `condition` gives something else than false and undefined, and returns it; fails with `what` after `boundMs`. */
export async function waitFor<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  boundMs: number = BOUND_MS,
): Promise<T> {
  const deadline = performance.now() + boundMs;
  for (;;) {
    const found = await condition();
    if (found !== false && found !== undefined) {
      return found;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${boundMs} ms in vain: ${what}`);
    }
    await Bun.sleep(POLL_MS);
  }
}
