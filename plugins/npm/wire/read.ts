import { basename } from "node:path";

import { Refusal, type Exchange } from "../../../src/broker/plugin.ts";
import type { RegistryConfig } from "../../../src/policy/broker-config.ts";
import { registryOf } from "./registry.ts";
import type { Route } from "./route.ts";

type Reading = Exclude<Route, { readonly kind: "audit" | "publish" }>;

const JSON_TYPES = ["application/json", "application/vnd.npm.install-v1+json"];
const FILE_TYPES = [
  "application/octet-stream",
  "application/gzip",
  "application/x-gzip",
  "application/x-compressed",
  "application/x-gtar",
  "application/x-tar",
  "application/x-tgz",
  "binary/octet-stream",
];
/** What npm's cache goes by, and its measure of how large documents are. */
const KEPT = ["cache-control", "etag", "last-modified", "content-length"];

/** Answers a request that only reads. The addresses in documents stay what they are: npm asks the broker for them. */
export async function relayRead(exchange: Exchange, route: Reading): Promise<Response> {
  const registry = registryOf(exchange.config, "name" in route ? route.name : undefined);
  if (route.kind === "whoami" && !exchange.config.broker.whoami) {
    throw new Refusal(
      403,
      "whoami",
      `plugin policy: npm whoami does not pass here: broker.whoami is false (${basename(exchange.config.file)}). No credential is needed to install: the broker adds its own`,
    );
  }
  const path = pathOf(route, registry);
  exchange.note({ decision: "allow" });
  const isFile = route.kind === "tarball";
  const { status, headers, body } = await exchange.ask({
    host: registry.host,
    path,
    method: "GET",
    headers: passedOn(exchange, isFile),
    accepts: isFile ? FILE_TYPES : JSON_TYPES,
    statuses: [304],
    keeps: KEPT,
  });
  return new Response(status === 304 ? null : body, { status, headers });
}

/** The address under which the upstream is asked. @throws {Refusal} `route` */
function pathOf(route: Reading, { path, host }: RegistryConfig): string {
  switch (route.kind) {
    case "packument":
      return `${path}/${escaped(route.name)}`;
    case "manifest":
      return `${path}/${escaped(route.name)}/${route.version}`;
    case "tarball": {
      const before = route.before.map((part) => `/${part}`).join("");
      if (before !== "" && before !== path) {
        throw new Refusal(
          403,
          "route",
          `plugin policy: only files of ${host}${path}/ pass for ${route.name}, and this one is elsewhere`,
        );
      }
      return `${path}/${route.name}/-/${route.file.join("/")}`;
    }
    case "dist-tags":
      return `${path}/-/package/${escaped(route.name)}/dist-tags`;
    case "attestations":
      return `${path}/-/npm/v1/attestations/${escaped(route.name)}@${route.version}`;
    case "search":
      return `${path}/-/v1/search?${route.query}`;
    case "keys":
      return `${path}/-/npm/v1/keys`;
    default:
      return `${path}/-/${route.kind}`;
  }
}

/** A name as npm writes it in addresses. */
export function escaped(name: string): string {
  return name.replace("/", "%2f");
}

/** The headers of npm that mean something, and only in the forms that it writes. */
export function passedOn({ headers }: Pick<Exchange, "headers">, isFile: boolean): Record<string, string> {
  const agent = headers.get("user-agent");
  const known = headers.get("if-none-match");
  const isShort = headers.get("accept")?.includes("application/vnd.npm.install-v1+json") === true;
  const takesGzip = !isFile && /\bgzip\b/.test(headers.get("accept-encoding") ?? "");
  return {
    accept: isFile ? "*/*" : isShort ? SHORT : "application/json",
    "accept-encoding": takesGzip ? "gzip" : "identity",
    "user-agent": agent !== null && /^npm\/[\w .:/()+-]{1,200}$/.test(agent) ? agent : "npm",
    ...(known !== null && /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/.test(known) ? { "if-none-match": known } : {}),
  };
}

const SHORT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
