import { escapeControl } from "../policy/printable.ts";

/**
 * Why a request does not get what it asked for. `status` is never 401: the tool's side has no credential to offer, and
 * git would only ask somebody for one.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  /** Which rule, or what else: `route`, `allowed_repos`, `credential`, `upstream`, `limits` … */
  readonly rule: string;

  /** @param message one sentence or two: what was found, which rule, what to do */
  constructor(status: number, rule: string, message: string, options?: ErrorOptions) {
    super(escapeControl(message), options);
    this.status = status;
    this.rule = rule;
  }

  /** As git and npm show it to their user: they print a body of this type. */
  response(): Response {
    return new Response(`${this.message}\n`, {
      status: this.status,
      headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
    });
  }
}

/** The upstream wants to be asked at another address. */
export class Moved extends Refusal {
  /** Path and query at the same host, by the same protocol; undefined: elsewhere. */
  readonly path: string | undefined;
  /** All of the address; undefined: it cannot be read. */
  readonly url: URL | undefined;

  constructor(message: string, path: string | undefined, url: URL | undefined) {
    super(502, "upstream", message);
    this.path = path;
    this.url = url;
  }
}
