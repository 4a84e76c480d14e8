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
 * Reads the URL of a request to a proxy, `https://<host>/<path>?<query>` or with `http`, as the server puts it together
 * from what the tool sent: the user's name that a tool may put before the host is gone then, and dots are resolved, also
 * those written as %2e; any other percent sign, and all that a server behind us might read in another way, is refused,
 * unless `segment`, which says what a part of the path may be, lets it through.
 *
 * @throws {Refusal} `route`
 */
export function readTarget(url: string, segment: RegExp): Target {
  const match = /^https?:\/\/([^/?#]*)\/([^?#]*)(?:\?([^#]*))?$/.exec(url);
  if (match === null || url.length > MAX_CHARS) {
    throw new Refusal(400, "route", "This URL cannot be read; the broker is a proxy, for https://<host>/<path>");
  }
  const host = readHost(match[1] ?? "");
  const segments = (match[2] ?? "").split("/");
  if (host === undefined) {
    throw new Refusal(404, "route", "The URL names no host; the broker is a proxy, for https://<host>/<path>");
  }
  if (segments.some((part) => !segment.test(part) || /^\.{1,2}$/.test(part))) {
    throw new Refusal(400, "route", "The path has a part that is empty, or has other characters than the broker takes");
  }
  return { host, segments, query: match[3] ?? "" };
}

/** A host as it stands in a URL, in small letters and without the usual port; undefined: it is none. */
export function readHost(text: string): string | undefined {
  const host = text.toLowerCase().replace(/:443$/, "");
  return /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?$/.test(host) && !host.includes("..")
    ? host
    : undefined;
}

const MAX_CHARS = 4096;
