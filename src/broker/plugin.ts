import type { Config } from "../policy/config.ts";
import type { LogFields } from "../policy/log-line.ts";
import { Budget } from "./budget.ts";
import { isObject, parseObject, type JsonObject } from "./json-object.ts";
import { Moved, Refusal } from "./refusal.ts";
import { readTarget, type Target } from "./target.ts";

export { Budget, isObject, Moved, parseObject, readTarget, Refusal };
export type { JsonObject, Target };

/** The broker's half of a plugin: what of a tool's requests may pass, and as what. */
export interface BrokerPlugin {
  /** Name of the tool, as in `plugin:` of its config. */
  readonly name: string;
  /** Whether its tool takes the broker for its proxy, and so asks it for hosts by name, and by TLS. */
  readonly isProxy: boolean;
  /**
   * Reads the URL of a request: {@link readTarget}, or a reading of the tool's own.
   *
   * @throws {Refusal} `route`
   */
  readonly target: (url: string, config: Config) => Target;
  /**
   * How the upstreams of this tool take a secret: under which name, or as a bearer token, unless the config has a name
   * for it.
   */
  readonly scheme: { readonly kind: "basic"; readonly username: string } | { readonly kind: "bearer" };
  /** A refusal in the form that the tool shows to its user; without it, text. */
  readonly refuse?: (refusal: Refusal) => Response;
  /**
   * Answers one request. Everything in it is taken as said by an enemy; what goes upstream is written anew from what was
   * understood of it.
   *
   * @throws {Refusal} why it does not pass
   */
  readonly answer: (exchange: Exchange) => Promise<Response>;
}

/** One request of the tool, and what the broker does for it. */
export interface Exchange {
  readonly method: string;
  readonly target: Target;
  readonly headers: Headers;
  /** Counted and bounded by `broker.limits`; undefined when there is none. */
  readonly body: ReadableStream<Uint8Array> | undefined;
  readonly config: Config;
  /** Where this broker listens, `http://127.0.0.1:8080`: for programs of its own that need an upstream. */
  readonly self: string;
  /** Aborts when the tool has gone or a limit is reached. */
  readonly signal: AbortSignal;
  /** Adds to the audit line of this request. */
  note(fields: LogFields): void;
  /** Bytes have moved where the exchange cannot see it. */
  moved(): void;
  /**
   * Asks the upstream, with the credential of its host. Resolves when it has answered with a status and a type that
   * were expected.
   *
   * @throws {Refusal} `credential` or `upstream`; {Moved} when it answers with another address, which nobody follows:
   * a plugin may ask there if it is one that it would have written itself
   */
  ask(request: UpstreamRequest): Promise<UpstreamAnswer>;
}

/** What to ask, and nothing of it as the tool wrote it. */
export interface UpstreamRequest {
  readonly host: string;
  /** With its leading slash, and its query. */
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** Types of an answer that is one; anything else is an error, for it is a page for people. `any`: whatever was stored there. */
  readonly accepts: readonly string[] | "any";
  /** What else than 200 says that it went well: 201, 304. */
  readonly statuses?: readonly number[];
  /** Headers of the answer to pass on, in small letters. */
  readonly keeps?: readonly string[];
  /** Whether it goes without the credential of its host: what lets it in there is in `headers` or in `path`. */
  readonly isAnonymous?: boolean;
  /** What else must not be repeated in an error: values of `headers` that an upstream gave. */
  readonly secrets?: readonly string[];
}

/** An answer, with the headers that may be passed on. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array>;
}
