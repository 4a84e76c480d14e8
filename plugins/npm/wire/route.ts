import { RETRY } from "../../../src/policy/retry.ts";
import { Refusal, type Exchange } from "../../../src/broker/plugin.ts";
import { findPackage, isPackageName } from "./package-path.ts";
import { serviceAt } from "./service.ts";

/** What of a registry's services a request is about. */
export type Route =
  /** The document of a package: its versions and where their files are. */
  | { readonly kind: "packument"; readonly name: string }
  | { readonly kind: "manifest"; readonly name: string; readonly version: string }
  | {
      readonly kind: "tarball";
      readonly name: string;
      readonly before: readonly string[];
      readonly file: readonly string[];
    }
  | { readonly kind: "dist-tags"; readonly name: string }
  | { readonly kind: "attestations"; readonly name: string; readonly version: string }
  | { readonly kind: "search"; readonly query: string }
  | { readonly kind: "ping" | "keys" | "whoami" }
  | { readonly kind: "audit"; readonly service: "advisories/bulk" | "audits" | "audits/quick" }
  | { readonly kind: "publish"; readonly name: string };

type Request = Pick<Exchange, "method" | "target">;

/**
 * The routes of the registry API that there are for the tool; see the npm registry's own docs (REGISTRY-API.md,
 * package-metadata.md) and npm-registry-fetch for what npm asks.
 *
 * @throws {Refusal} `route`, for whatever is not one of them to the letter
 */
export function readRoute({ method, target }: Request): Route {
  const { segments, query } = target;
  const route = segments[0] === "-" ? readService(method, segments, query) : readPackage(method, segments, query);
  if (route === undefined) {
    throw new Refusal(
      403,
      "route",
      `plugin policy: ${serviceAt(method, segments)} does not pass here: packages can be read, searched and audited, and those of broker.publish can be published. ${RETRY.kind}; ask a person to do it`,
    );
  }
  return route;
}

function readService(method: string, segments: readonly string[], query: string): Route | undefined {
  const path = segments.slice(1).join("/");
  if (method === "POST" && query === "") {
    const [, service] = /^npm\/v1\/security\/(advisories\/bulk|audits|audits\/quick)$/.exec(path) ?? [];
    return service === undefined ? undefined : { kind: "audit", service: service as "audits" };
  }
  if (method !== "GET") {
    return undefined;
  }
  if (path === "v1/search") {
    return { kind: "search", query: searchQuery(query) };
  }
  if (path === "ping" && (query === "" || query === "write=true")) {
    return { kind: "ping" };
  }
  if (query !== "") {
    return undefined;
  }
  if (path === "npm/v1/keys" || path === "whoami") {
    return { kind: path === "whoami" ? "whoami" : "keys" };
  }
  const { name = "", after = [] } = findPackage(segments) ?? {};
  if (segments[1] === "package") {
    return isPackageName(name) && after.length === 1 && after[0] === "dist-tags"
      ? { kind: "dist-tags", name }
      : undefined;
  }
  const at = name.lastIndexOf("@");
  const attested = { name: name.slice(0, at), version: name.slice(at + 1) };
  const isAttested = segments[1] === "npm" && at > 0 && after.length === 0;
  return isAttested && isPackageName(attested.name) && VERSION.test(attested.version)
    ? { kind: "attestations", ...attested }
    : undefined;
}

function readPackage(method: string, segments: readonly string[], query: string): Route | undefined {
  const found = findPackage(segments);
  if (found === undefined || !isPackageName(found.name)) {
    return undefined;
  }
  const { name, before, after } = found;
  if (method === "PUT") {
    return before.length === 0 && after.length === 0 && query === "" ? { kind: "publish", name } : undefined;
  }
  if (method !== "GET") {
    return undefined;
  }
  const [first, ...file] = after;
  if (first === "-") {
    // Some registries repeat the scope in front of the file's name.
    const isFile =
      file.length === 1 || (file.length === 2 && file[0] === name.split("/", 1)[0] && name.startsWith("@"));
    return isFile && FILE.test(file.at(-1) ?? "") ? { kind: "tarball", name, before, file } : undefined;
  }
  if (before.length > 0 || after.length > 1) {
    return undefined;
  }
  if (first === undefined) {
    // npm asks so before it changes something, which it is told of when it does.
    return query === "" || query === "write=true" ? { kind: "packument", name } : undefined;
  }
  return VERSION.test(first) && query === "" ? { kind: "manifest", name, version: first } : undefined;
}

const VERSION = /^[A-Za-z0-9][\w.~+-]*$/;
const FILE = /^[A-Za-z0-9_~][\w.~+-]*\.(?:tgz|tar\.gz)$/;
const SEARCH_KEYS = ["text", "size", "from", "quality", "popularity", "maintenance"];

/** A search, in the only parameters that npm has for it. */
function searchQuery(query: string): string {
  const given = new URLSearchParams(query);
  const kept = new URLSearchParams();
  for (const key of SEARCH_KEYS) {
    const value = given.get(key);
    if (value !== null) {
      kept.set(key, value.toWellFormed());
    }
  }
  return kept.toString();
}
