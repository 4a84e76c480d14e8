import { isObject, type JsonObject } from "../../../../src/broker/plugin.ts";
import type { Config } from "../../../../src/policy/config.ts";
import type { Transfer } from "./transfers.ts";

/** Where an upstream says that an object is: the part of a {@link Transfer} that an action decides. */
export type Place = Pick<Transfer, "host" | "path" | "headers" | "isAnonymous" | "untilMs">;

const HOUR_MS = 3_600_000;
const MAX_CHARS = 4096;
const HOST = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?$/;

/**
 * Reads an action of a batch's answer. Undefined: it is none, or leads where the broker does not go.
 *
 * @param object what the action belongs to: with `authenticated`, the upstream says that the action has all it needs
 */
export function readAction(
  action: unknown,
  object: JsonObject,
  config: Config,
  repositoryHost: string,
): Place | undefined {
  if (!isObject(action) || typeof action["href"] !== "string" || action["href"].length > MAX_CHARS) {
    return undefined;
  }
  const url = URL.parse(action["href"]);
  const headers = readHeaders(action["header"]);
  if (url === null || headers === undefined || !isReachable(url, config, repositoryHost)) {
    return undefined;
  }
  return {
    host: url.host,
    path: url.pathname + url.search,
    headers,
    // The credential is for its own host; and there, too, what the upstream gave for this object is enough.
    isAnonymous: url.host !== repositoryHost || object["authenticated"] === true || "authorization" in headers,
    untilMs: readExpiry(action),
  };
}

/**
 * Whether the broker asks there. Hosts of the config are spoken to as the config says, all others with TLS, and only
 * where they have a public name: what is near the broker is nobody's large file.
 */
export function isReachable(
  { protocol, host, hostname, username, password }: URL,
  config: Config,
  known: string,
): boolean {
  const wanted = config.broker.hosts.get(host)?.protocol ?? "https";
  if (protocol !== `${wanted}:` || !HOST.test(host) || username !== "" || password !== "") {
    return false;
  }
  const isPublic =
    /\.[a-z][a-z0-9-]*$/.test(hostname) && !/\.(?:localhost|local|internal|lan|home\.arpa)$/.test(hostname);
  return host === known || config.broker.hosts.has(host) || isPublic;
}

/** Headers to send, but for those that are about the connection. Undefined: there is one that cannot be sent. */
function readHeaders(value: unknown): Record<string, string> | undefined {
  const entries = isObject(value) ? Object.entries(value) : [];
  const headers = entries.map(([name, text]): [string, string] => [name.toLowerCase(), String(text)]);
  const isOdd = ([name, text]: [string, string]): boolean =>
    !/^[a-z0-9-]{1,64}$/.test(name) || !/^[\x20-\x7e]*$/.test(text);
  if (headers.some(isOdd) || JSON.stringify(headers).length > MAX_CHARS) {
    return undefined;
  }
  return Object.fromEntries(headers.filter(([name]) => !OURS.includes(name)));
}

const OURS: readonly string[] = [
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "range",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Not later than an hour from now. */
function readExpiry({ expires_in: seconds, expires_at: date }: JsonObject): number {
  const now = Date.now();
  const byDate = typeof date === "string" ? Date.parse(date) : Number.NaN;
  const untilMs = typeof seconds === "number" && seconds > 0 ? now + seconds * 1000 : byDate;
  // A date of long ago is how some servers say that it does not expire.
  return untilMs > now ? Math.min(untilMs, now + HOUR_MS) : now + HOUR_MS;
}
