import { ask } from "./ask.ts";
import { encodeFrame } from "./frame.ts";
import { decodeHealthReport } from "./plugin-messages.ts";
import type { HealthReport } from "./plugin-messages.ts";

/**
 * Asks the plugin at `path` how it is.
 *
 * @throws {Error} when nobody answers there, with the reason as its message
 */
export async function askHealth(path: string): Promise<HealthReport> {
  return decodeHealthReport(await ask(path, "HEALTH", encodeFrame("HEALTH")));
}
