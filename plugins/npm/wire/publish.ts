import { basename } from "node:path";

import { Refusal, type Exchange } from "../../../src/broker/plugin.ts";
import type { Config } from "../../../src/policy/config.ts";
import { matchGlob } from "../../../src/policy/glob.ts";
import { quote } from "../../../src/policy/printable.ts";
import { RETRY } from "../../../src/policy/retry.ts";
import { MAX_DOCUMENT_BYTES, withJson } from "./json-body.ts";
import { readPublication } from "./publication.ts";
import { escaped, passedOn } from "./read.ts";
import { registryOf } from "./registry.ts";

/** Publishes one version of a package that the config lists, in a document that is written anew. */
export async function relayPublish(exchange: Exchange, name: string): Promise<Response> {
  checkListed(exchange.config, name);
  const { host, path } = registryOf(exchange.config, name);
  const protocol = exchange.config.broker.hosts.get(host)?.protocol ?? "https";
  return await withJson(exchange, MAX_DOCUMENT_BYTES, async (document) => {
    const { version, tag, body } = readPublication(document, {
      name,
      registry: `${protocol}://${host}${path}/`,
      mayBePublic: exchange.config.broker.publishPublic,
    });
    exchange.note({ decision: "allow", package: `${name}@${version}`, tag });
    const answer = await exchange.ask({
      host,
      path: `${path}/${escaped(name)}`,
      method: "PUT",
      headers: { ...passedOn(exchange, false), "content-type": "application/json" },
      body,
      accepts: ["application/json"],
      statuses: [201],
    });
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  });
}

/**
 * Lets a name through that is listed and that new packages may have; capitals are not among those, so that there is no
 * second spelling of a name.
 *
 * @throws {Refusal} `publish`
 */
export function checkListed({ broker, file }: Config, name: string): void {
  const isListed = broker.publish.some(({ value }) => matchGlob(value, name));
  if (!isListed || name !== name.toLowerCase()) {
    throw new Refusal(
      403,
      "publish",
      `plugin policy: ${quote(name, 120)} is not in broker.publish (${basename(file)}). ${RETRY.kind}; ask a person to publish, or the operator to add it`,
    );
  }
}
