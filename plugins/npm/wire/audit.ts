import type { Exchange } from "../../../src/broker/plugin.ts";
import { withJson } from "./json-body.ts";
import { passedOn } from "./read.ts";
import { registryOf } from "./registry.ts";
import type { Route } from "./route.ts";

/** Names and versions of a thousand packages are a hundred kilobytes. */
const MAX_AUDIT_BYTES = 8 * 1024 * 1024;

/** Asks the registry for what is known against packages. It goes on as the same object, written anew. */
export async function relayAudit(
  exchange: Exchange,
  { service }: Route & { readonly kind: "audit" },
): Promise<Response> {
  const { host, path } = registryOf(exchange.config, undefined);
  return await withJson(exchange, MAX_AUDIT_BYTES, async (document) => {
    exchange.note({ decision: "allow" });
    const { headers, body } = await exchange.ask({
      host,
      path: `${path}/-/npm/v1/security/${service}`,
      method: "POST",
      headers: { ...passedOn(exchange, false), "content-type": "application/json" },
      body: new TextEncoder().encode(JSON.stringify(document)),
      accepts: ["application/json"],
    });
    return new Response(body, { headers });
  });
}
