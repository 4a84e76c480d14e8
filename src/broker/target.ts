import { Refusal } from "./refusal.ts";

/** What a request is about, read once: everything that follows, the upstream's URL too, is built from these parts. */
export interface Target {
  /** Of the upstream, in small letters, with its port where that is not the usual one. */
  readonly host: string;
  /** The rest of the path; none of them empty, `.` or `..`. */
  readonly segments: readonly string[];
  /** Without the question mark; empty when there is none. */
  readonly query: string;
}

/**
 * Reads the URL of a request, `/<host>/<path>?<query>`. The server has resolved dots in it already, also those written
 * as %2e; any other percent sign, and all that a server behind us might read in another way, is refused, unless `segment`, which says
 * what a part of the path may be, lets it through.
 *
 * @throws {Refusal} `route`
 */
export function readTarget(url: string, segment: RegExp): Target {
  const match = /^(?:https?:\/\/[^/?#]*)?\/([^?#]*)(?:\?([^#]*))?$/.exec(url);
  if (match === null || url.length > MAX_CHARS) {
    throw new Refusal(400, "route", "This URL cannot be read; write /<host>/<path>");
  }
  const [first = "", ...segments] = (match[1] ?? "").split("/");
  if (first.includes("@") && /:[^@]*@/.test(first)) {
    throw new Refusal(
      400,
      "route",
      "The URL has a password in it, which the broker does not pass on; take it out of the remote's URL: the broker has a credential of its own",
    );
  }
  const host = first
    .slice(first.indexOf("@") + 1)
    .toLowerCase()
    .replace(/:443$/, "");
  if (!/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?$/.test(host) || host.includes("..")) {
    throw new Refusal(404, "route", "The URL names no host; write /<host>/<path>");
  }
  const odd = segments.find((part) => !segment.test(part) || /^\.{1,2}$/.test(part));
  if (odd !== undefined || segments.length === 0) {
    throw new Refusal(400, "route", "The path has a part that is empty, or has other characters than the broker takes");
  }
  return { host, segments, query: match[2] ?? "" };
}

const MAX_CHARS = 4096;
