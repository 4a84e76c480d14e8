import type { Config } from "../policy/config.ts";
import type { LogFields } from "../policy/log-line.ts";
import { quote } from "../policy/printable.ts";
import { log } from "./log.ts";
import { metered, TooLarge } from "./meter.ts";
import type { Exchange, UpstreamAnswer, UpstreamRequest } from "./plugin.ts";
import { Refusal } from "./refusal.ts";
import type { Target } from "./target.ts";
import { typeOf } from "./upstream-words.ts";
import type { Upstream } from "./upstream.ts";

/** What a request came as. */
export interface Incoming {
  readonly request: Request;
  readonly target: Target;
  readonly config: Config;
  readonly self: string;
  /** Address of whoever asked. */
  readonly from: string;
}

/** One request from its arrival to its last byte, with its clocks, its counts and its line in the audit. */
export class OpenExchange implements Exchange {
  readonly method: string;
  readonly target: Target;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | undefined;
  readonly config: Config;
  readonly self: string;
  readonly #from: string;
  readonly #upstream: Upstream;
  readonly #over: () => void;
  readonly #aborter = new AbortController();
  readonly #startedMs = performance.now();
  readonly #timeout: Timer;
  readonly #idle: Timer;
  #movedMs = performance.now();
  #fields: LogFields = {};
  #receivedBytes = 0;
  #sentBytes = 0;
  #isOver = false;

  /** `over` is called once, when nothing is left of it. */
  constructor({ request, target, config, self, from }: Incoming, upstream: Upstream, over: () => void) {
    const { limits } = config.broker;
    this.method = request.method;
    this.target = target;
    this.headers = request.headers;
    this.config = config;
    this.self = self;
    this.#from = from;
    this.#upstream = upstream;
    this.#over = over;
    this.#timeout = setTimeout(() => this.#giveUp(`took longer than ${limits.timeoutMs} ms`), limits.timeoutMs);
    this.#idle = setInterval(
      () => {
        if (performance.now() - this.#movedMs >= limits.idleMs) {
          this.#giveUp(`moved no byte for ${limits.idleMs} ms`);
        }
      },
      Math.ceil(limits.idleMs / 4),
    );
    request.signal.addEventListener("abort", () => {
      this.#aborter.abort(new Refusal(499, "gone", "The tool has gone"));
      this.finish({ outcome: "gone" });
    });
    this.body =
      request.body === null
        ? undefined
        : metered(request.body, {
            maxBytes: limits.requestBytes,
            moved: (bytes) => {
              this.#receivedBytes += bytes;
              this.moved();
            },
            ended: (error) => {
              if (error instanceof TooLarge) {
                this.#aborter.abort(tooLarge("request", limits.requestBytes));
              }
            },
          });
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  note(fields: LogFields): void {
    this.#fields = { ...this.#fields, ...fields };
  }

  moved(): void {
    this.#movedMs = performance.now();
  }

  async ask(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const response = await this.#upstream.ask(request, this.config, this.signal, (status) => {
      this.moved();
      this.note({ upstream: status });
    });
    const { status } = response;
    const kept = (request.keeps ?? []).flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    const headers = Object.fromEntries([["content-type", typeOf(response)], ...kept]) as Record<string, string>;
    const encoding = response.headers.get("content-encoding") ?? "identity";
    if (encoding === "gzip") {
      headers["content-encoding"] = encoding;
    } else if (encoding !== "identity") {
      throw new Refusal(
        502,
        "upstream",
        `${request.host} answered in the encoding ${quote(encoding)}, which was not asked for`,
      );
    }
    return { status, headers, body: response.body ?? new Blob([]).stream() };
  }

  /** The response as it goes out: counted, bounded, and the end of the exchange with its last byte. */
  outgoing(response: Response): Response {
    const { status, headers, body } = response;
    if (body === null) {
      this.finish({ status });
      return response;
    }
    const { responseBytes } = this.config.broker.limits;
    const counted = metered(body, {
      maxBytes: responseBytes,
      moved: (bytes) => {
        this.#sentBytes += bytes;
        this.moved();
      },
      ended: (error) => {
        const given = this.signal.reason instanceof Refusal ? this.signal.reason.message : undefined;
        this.finish(error === undefined ? { status } : { status, outcome: "broken", error: given ?? error.message });
        if (error !== undefined) {
          this.#aborter.abort(error);
        }
      },
    });
    return new Response(counted, { status, headers });
  }

  /** The end; writes the audit line. */
  finish(fields: LogFields): void {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    clearTimeout(this.#timeout);
    clearInterval(this.#idle);
    const { host, segments } = this.target;
    log("info", "request", {
      tool: this.config.plugin,
      from: this.#from,
      method: this.method.slice(0, 16),
      host,
      path: segments.join("/").slice(0, 1024),
      ...this.#fields,
      ...fields,
      received_bytes: this.#receivedBytes,
      sent_bytes: this.#sentBytes,
      ms: Math.round(performance.now() - this.#startedMs),
    });
    this.#over();
  }

  #giveUp(why: string): void {
    this.#aborter.abort(new Refusal(504, "limits", `The request ${why}, which is a limit in broker.limits`));
  }
}

/** A body that is larger than the config lets it be. */
export function tooLarge(what: "request" | "response", maxBytes: number): Refusal {
  const mib = Math.round(maxBytes / (1024 * 1024));
  return new Refusal(413, "limits", `The ${what} has more than ${mib} MiB, which is broker.limits.${what}_mib`);
}
