import type { Refusal } from "../../../src/broker/plugin.ts";

/**
 * A refusal as npm prints it: `npm error 403 403 Forbidden - PUT … - <error>`. One of the upstream's because of a
 * credential is a 403 here, for npm tries again for a minute what has a status of 500 or more.
 */
export function refuse({ status, rule, message }: Refusal): Response {
  return Response.json(
    { error: message },
    { status: rule === "credential" ? 403 : status, headers: { "cache-control": "no-store" } },
  );
}
