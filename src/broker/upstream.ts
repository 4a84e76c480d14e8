import { readFileSync } from "node:fs";

import type { Config } from "../policy/config.ts";
import { clip } from "../policy/printable.ts";
import { CredentialError, labelOf, type Credential, type Credentials } from "./credential.ts";
import type { Problems } from "./health.ts";
import type { BrokerPlugin, UpstreamRequest } from "./plugin.ts";
import { Moved, Refusal } from "./refusal.ts";
import { secretPath } from "./secret-path.ts";
import { locationOf, reasonOf, typeOf, wordsOf } from "./upstream-words.ts";

/** The one place where a credential and a request come together. */
export class Upstream {
  readonly #scheme: BrokerPlugin["scheme"];
  readonly #credentials: Credentials;
  readonly #problems: Problems;

  constructor(scheme: BrokerPlugin["scheme"], credentials: Credentials, problems: Problems) {
    this.#scheme = scheme;
    this.#credentials = credentials;
    this.#problems = problems;
  }

  /**
   * Resolves to an answer of an expected status and type; `answered` is told the status of any answer.
   *
   * @throws {Refusal} `credential`, `upstream`
   */
  async ask(
    request: UpstreamRequest,
    config: Config,
    signal: AbortSignal,
    answered: (status: number) => void,
  ): Promise<Response> {
    const { host, body } = request;
    const reference = config.credentials.get(host);
    for (;;) {
      let credential: Credential | undefined;
      try {
        credential = reference === undefined ? undefined : await this.#credentials.get(reference);
      } catch (error) {
        throw this.#problem(host, "credential", (error as CredentialError).message, error);
      }
      const response = await this.#send(request, config, credential, signal);
      answered(response.status);
      if (response.status === 401 && reference !== undefined) {
        this.#credentials.forget(reference);
        if (credential?.isKept === true && !(body instanceof ReadableStream)) {
          await response.body?.cancel();
          continue;
        }
      }
      if (isExpected(request, response)) {
        this.#problems.clear(host);
        return response;
      }
      throw await this.#refused(request, response, credential, config);
    }
  }

  async #send(
    { host, path, method, headers, body }: UpstreamRequest,
    config: Config,
    credential: Credential | undefined,
    signal: AbortSignal,
  ): Promise<Response> {
    const { protocol, caFile } = config.broker.hosts.get(host) ?? { protocol: "https", caFile: undefined };
    try {
      return await fetch(`${protocol}://${host}${path}`, {
        method,
        headers: { ...headers, ...this.#authorization(credential) },
        ...(body === undefined ? {} : { body }),
        // A redirect is answered with an error: whoever it names would be sent the credential.
        redirect: "manual",
        decompress: false,
        signal,
        // Said out loud, for a variable of the environment could turn it off.
        tls: {
          rejectUnauthorized: true,
          ...(caFile === undefined ? {} : { ca: readFileSync(secretPath(caFile), "utf8") }),
        },
      });
    } catch (error) {
      if (signal.aborted) {
        throw signal.reason instanceof Refusal ? signal.reason : new Refusal(504, "limits", "The request was given up");
      }
      throw this.#problem(host, "upstream", `Cannot reach ${host}: ${reasonOf(error as NodeJS.ErrnoException)}`, error);
    }
  }

  #authorization(credential: Credential | undefined): Record<string, string> {
    if (credential === undefined) {
      return {};
    }
    const username = credential.username ?? (this.#scheme.kind === "basic" ? this.#scheme.username : undefined);
    if (username === undefined) {
      return { authorization: `Bearer ${credential.secret}` };
    }
    const pair = `${username}:${credential.secret}`;
    return { authorization: `Basic ${Buffer.from(pair, "latin1").toString("base64")}` };
  }

  async #refused(
    { host, path }: UpstreamRequest,
    response: Response,
    credential: Credential | undefined,
    config: Config,
  ): Promise<Refusal> {
    const { status } = response;
    const said = await wordsOf(response, credential?.secret);
    const answered = `${host} answered ${status}`;
    if (status === 401) {
      const reference = config.credentials.get(host);
      return reference === undefined
        ? new Refusal(
            403,
            "credential",
            `${answered}: it wants a credential and the config has none for it; add credentials.${host}`,
          )
        : this.#problem(host, "credential", `${answered}: ${labelOf(reference.source)} was refused`);
    }
    if (status >= 300 && status < 400) {
      const base = `${config.broker.hosts.get(host)?.protocol ?? "https"}://${host}`;
      const target = locationOf(response, base + path);
      const isHere = target?.origin === new URL(base).origin;
      const where = isHere ? `${host}${target.pathname}` : "another host";
      return new Moved(
        `${answered}: it redirects to ${clip(where, 200)}, and the broker follows no redirect; use the new address`,
        isHere ? target.pathname + target.search : undefined,
      );
    }
    if (AS_THEY_ARE.includes(status)) {
      this.#problems.clear(host);
      const why = said === "" ? (status === 404 ? "not found, or not with this credential" : "forbidden") : said;
      return new Refusal(status, "upstream", `${answered}: ${why}`);
    }
    if (status === 200) {
      return this.#problem(
        host,
        "upstream",
        `${answered} with a type that is none of this service's (${clip(response.headers.get("content-type") ?? "none", 60)}); is this the right address?`,
      );
    }
    return this.#problem(host, "upstream", said === "" ? answered : `${answered}: ${said}`);
  }

  #problem(host: string, rule: "credential" | "upstream", message: string, cause?: unknown): Refusal {
    // Whether a file is there is looked at again by each health report: once it is, that is over.
    if (!isMissingFile(cause)) {
      this.#problems.note(host, message);
    }
    return new Refusal(502, rule, message, { cause });
  }
}

/** Answers about what was asked for, and not about the upstream's health. */
const AS_THEY_ARE: readonly number[] = [403, 404, 409, 422];

function isExpected({ accepts, statuses = [] }: UpstreamRequest, response: Response): boolean {
  // This one has no content that a type could be of.
  return response.status === 304
    ? statuses.includes(304)
    : [200, ...statuses].includes(response.status) && accepts.includes(typeOf(response));
}

/** A secret's own file, or that of a CA. */
function isMissingFile(error: unknown): boolean {
  const found = error instanceof CredentialError ? error.cause : error;
  return (found as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}
