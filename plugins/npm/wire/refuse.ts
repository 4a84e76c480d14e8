import { Moved, type Refusal } from "../../../src/broker/plugin.ts";

/**
 * A refusal as npm prints it: `npm error 403 403 Forbidden - PUT … - <error>`. One because of a credential
 * or a redirect is a 403 here, for npm tries again for a minute what has a status of 500 or more.
 */
export function refuse(refusal: Refusal): Response {
  const { status, rule, message } = refusal;
  const isLasting = rule === "credential" || refusal instanceof Moved;
  return Response.json(
    { error: message },
    { status: isLasting ? 403 : status, headers: { "cache-control": "no-store" } },
  );
}
