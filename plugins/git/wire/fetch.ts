import { gunzipSync } from "node:zlib";

import { Budget, Moved, Refusal, type Exchange, type UpstreamAnswer } from "../../../src/broker/plugin.ts";
import { upstreamPath, wantsSuffix, type Route } from "./route.ts";

/** What a repository has: the answer to `info/refs`, of both services. */
export async function relayRefs(exchange: Exchange, route: Route): Promise<Response> {
  const ask = async (): Promise<UpstreamAnswer> =>
    await exchange.ask({
      host: route.repository.host,
      path: upstreamPath(route),
      method: "GET",
      headers: passedOn(exchange),
      accepts: [`application/x-${route.service}-advertisement`],
    });
  const { headers, body } = await ask().catch(async (error: unknown) => {
    // GitLab knows a repository only by its name with .git, which is the same to the rules.
    if (error instanceof Moved && wantsSuffix(route, error.path)) {
      return await ask();
    }
    throw error;
  });
  return new Response(body, { headers: { ...headers, "cache-control": "no-store" } });
}

/** The conversation of a fetch: what the tool wants and has, against a pack. */
export async function relayFetch(exchange: Exchange, route: Route): Promise<Response> {
  const wants = new Wants(exchange);
  try {
    const answer = await exchange.ask({
      host: route.repository.host,
      path: upstreamPath(route),
      method: "POST",
      headers: { ...passedOn(exchange), "content-type": "application/x-git-upload-pack-request" },
      body: await wants.read(),
      accepts: ["application/x-git-upload-pack-result"],
    });
    return new Response(answer.body, { headers: { ...answer.headers, "cache-control": "no-store" } });
  } finally {
    wants.forget();
  }
}

/** The headers of git that mean something, and only in the forms that it writes. */
export function passedOn({ headers }: Pick<Exchange, "headers">): Record<string, string> {
  const version = headers.get("git-protocol");
  const agent = headers.get("user-agent");
  const takesGzip = /\bgzip\b/.test(headers.get("accept-encoding") ?? "");
  return {
    "accept-encoding": takesGzip ? "gzip" : "identity",
    "user-agent": agent !== null && /^git\/[\w.() -]{1,100}$/.test(agent) ? agent : "git/2",
    ...(version !== null && /^version=[0-2]$/.test(version) ? { "git-protocol": version } : {}),
  };
}

/** Requests of a fetch are ids of commits; those of a clone with a hundred thousand branches fit in this. */
const MAX_WANTS_BYTES = 8 * 1024 * 1024;
const memory = new Budget(4 * MAX_WANTS_BYTES, "other fetches ask for a great many commits");

/** What a fetch asks for. git compresses it when it is long; it goes on as it is meant, so that there is one way to read it. */
class Wants {
  readonly #exchange: Exchange;
  #heldBytes = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  async read(): Promise<Uint8Array<ArrayBuffer>> {
    const { body, headers } = this.#exchange;
    const encoding = headers.get("content-encoding") ?? "identity";
    if (!["identity", "gzip", "x-gzip"].includes(encoding)) {
      throw new Refusal(415, "route", "This encoding is not taken; gzip is");
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of body ?? []) {
      this.#hold(chunk.length);
      if (this.#heldBytes > MAX_WANTS_BYTES) {
        throw tooMany();
      }
      chunks.push(chunk);
    }
    const raw = Buffer.concat(chunks);
    return encoding === "identity" ? raw : this.#unpack(raw);
  }

  /** They have been sent, or given up. */
  forget(): void {
    memory.giveBack(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #unpack(raw: Uint8Array): Uint8Array<ArrayBuffer> {
    try {
      const unpacked = gunzipSync(raw, { maxOutputLength: MAX_WANTS_BYTES });
      this.#hold(unpacked.length);
      return unpacked;
    } catch (error) {
      if (error instanceof Refusal) {
        throw error;
      }
      throw (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE"
        ? tooMany()
        : new Refusal(400, "route", "The request says that it is compressed, and is not", { cause: error });
    }
  }

  #hold(bytes: number): void {
    memory.take(bytes);
    this.#heldBytes += bytes;
  }
}

function tooMany(): Refusal {
  return new Refusal(413, "limits", `The request has more than ${MAX_WANTS_BYTES / 1024 / 1024} MiB`);
}
