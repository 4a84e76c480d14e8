/** Chunks are garbage once they have been sent on, and the runtime is in no hurry to collect them. */
const COLLECT_BYTES = 64 * 1024 * 1024;
let uncollectedBytes = 0;

/** So many bytes have been sent on; now and then their memory is given back. */
export function collect(bytes: number): void {
  uncollectedBytes += bytes;
  if (uncollectedBytes >= COLLECT_BYTES) {
    uncollectedBytes = 0;
    Bun.gc(true);
  }
}
