import { readHost } from "./target.ts";

/**
 * What a connection to a proxy begins with. `more`: not enough of it is there. `plain`: a request in the open, which is
 * passed on as it is. `connect`: the wish to speak to a host by TLS (RFC 9110, 9.3.6); `rest` is what came behind it.
 */
export type ProxyHead =
  | { readonly kind: "more" }
  | { readonly kind: "plain" }
  | { readonly kind: "connect"; readonly host: string; readonly rest: Buffer }
  | { readonly kind: "invalid" };

/** Reads the first bytes of a connection; to be asked again, with all of them, while it wants more. */
export function readProxyHead(bytes: Buffer): ProxyHead {
  const start = bytes.toString("latin1", 0, METHOD.length);
  if (!METHOD.startsWith(start)) {
    return { kind: "plain" };
  }
  const end = bytes.subarray(0, MAX_BYTES).indexOf(END);
  if (end < 0) {
    return { kind: bytes.length < MAX_BYTES ? "more" : "invalid" };
  }
  const [line = ""] = bytes.toString("latin1", 0, end).split("\r\n", 1);
  const authority = /^CONNECT ([^ ]+:[0-9]{1,5}) HTTP\/1\.[01]$/.exec(line)?.[1];
  const host = authority === undefined ? undefined : readHost(authority);
  return host === undefined ? { kind: "invalid" } : { kind: "connect", host, rest: bytes.subarray(end + END.length) };
}

const METHOD = "CONNECT ";
const END = "\r\n\r\n";
const MAX_BYTES = 8 * 1024;
