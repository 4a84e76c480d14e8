import { HEALTH_PATH, type BrokerHealth } from "./health.ts";

const MAX_MS = 3000;

/**
 * How the broker at a URL is.
 *
 * @throws {Error} with a sentence when nobody answers, or somebody who is no broker
 */
export async function brokerHealth(url: string): Promise<BrokerHealth> {
  let response: Response;
  try {
    response = await fetch(new URL(HEALTH_PATH, url), { redirect: "error", signal: AbortSignal.timeout(MAX_MS) });
  } catch (error) {
    throw new Error(`Cannot ask ${url}: nobody answers; the broker has not been started, or has ended`, {
      cause: error,
    });
  }
  const report: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  if (typeof report !== "object" || report === null || !("problems" in report)) {
    throw new Error(`Cannot ask ${url}: whoever answers there is no broker`);
  }
  return report as BrokerHealth;
}
