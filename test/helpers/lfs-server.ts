import type { Certificate } from "./authority.ts";

/** One request for an object as the store got it. */
export interface Stored {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const SIGNATURE = "CANARY-signature-0123456789";
export const STORE_TOKEN = "CANARY-store-0123456789";

const TYPE = "application/vnd.git-lfs+json";

/**
 * A small server of Git LFS: its API answers for a host of repositories ({@link api}), its objects are at another host,
 * which lets in whoever has a signature and a header, and takes no chunks, as the stores of the large hosts do. With
 * `host` they are there instead, for whoever has its token.
 */
export class LfsServer implements Disposable {
  readonly objects: Map<string, Uint8Array> = new Map();
  readonly verified: string[] = [];
  readonly asked: Stored[] = [];
  /** Changes an answer of the batch API before it is sent. */
  alter: (answer: Record<string, unknown>) => Record<string, unknown> = (answer) => answer;
  /** Answers in place of the store. */
  instead: (request: Request) => Response | undefined = () => undefined;
  readonly #store: Bun.Server<undefined>;
  readonly #token: string;
  readonly #at: string;

  constructor(certificate: Certificate, token: string, host?: string) {
    this.#token = token;
    this.#store = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: { cert: Bun.file(certificate.cert), key: Bun.file(certificate.key) },
      fetch: async (request) => {
        const { pathname, search } = new URL(request.url);
        const headers = Object.fromEntries(request.headers.entries());
        this.asked.push({ line: `${request.method} ${pathname}${search}`, headers });
        return this.instead(request) ?? (await this.#keep(request, pathname.slice(1)));
      },
    });
    this.#at = host === undefined ? this.host : `${host}/kept`;
  }

  /** Of the store, with its port. */
  get host(): string {
    return `127.0.0.1:${this.#store.port}`;
  }

  /** Answers what is for Git LFS; undefined when something else is asked. */
  async api(request: Request): Promise<Response | undefined> {
    const { pathname } = new URL(request.url);
    const given = request.headers.get("authorization");
    const isWhole = given === `Basic ${Buffer.from(`x-access-token:${this.#token}`).toString("base64")}`;
    if (pathname.startsWith("/here/")) {
      return new Response(isWhole ? "the credential" : (given ?? "nothing"));
    }
    if (!pathname.includes("/info/lfs/") && !pathname.startsWith("/kept/")) {
      return undefined;
    }
    if (pathname.startsWith("/kept/") && isWhole) {
      return await this.#keep(request, pathname.slice("/kept/".length));
    }
    if (!isWhole) {
      return new Response("{}", { status: 401, headers: { "content-type": TYPE } });
    }
    if (pathname.endsWith("/objects/batch")) {
      return json(this.alter(this.#batch((await request.json()) as Batch)));
    }
    if (pathname.endsWith("/locks/verify")) {
      return json({ ours: [], theirs: [LOCK] });
    }
    return pathname.endsWith("/locks") ? json({ locks: [LOCK] }) : new Response("", { status: 404 });
  }

  #batch({ operation, objects }: Batch): Record<string, unknown> {
    return {
      transfer: "basic",
      objects: objects.map(({ oid, size }) => {
        const isThere = this.objects.has(oid);
        if (operation === "download") {
          const error = { code: 404, message: `gone ${this.#token}` };
          return isThere ? { oid, size, actions: { download: this.#action(oid) } } : { oid, size, error };
        }
        const verify = this.#action("verify");
        return isThere ? { oid, size } : { oid, size, actions: { upload: this.#action(oid), verify } };
      }),
    };
  }

  #action(name: string): Record<string, unknown> {
    const href = `https://${this.#at}/${name}?signature=${SIGNATURE}`;
    return { href, header: { "X-Store": STORE_TOKEN }, expires_in: 600 };
  }

  async #keep(request: Request, name: string): Promise<Response> {
    const { search } = new URL(request.url);
    if (search !== `?signature=${SIGNATURE}` || request.headers.get("x-store") !== STORE_TOKEN) {
      return new Response(`no ${search}`, { status: 403, headers: { "content-type": "text/plain" } });
    }
    if (name === "verify") {
      this.verified.push(((await request.json()) as { oid: string }).oid);
      return new Response("");
    }
    if (request.method === "PUT") {
      if (request.headers.has("transfer-encoding") || !request.headers.has("content-length")) {
        return new Response("", { status: 501 });
      }
      this.objects.set(name, await request.bytes());
      return new Response("");
    }
    const object = this.objects.get(name);
    return object === undefined ? new Response("", { status: 404 }) : new Response(object as Uint8Array<ArrayBuffer>);
  }

  [Symbol.dispose](): void {
    void this.#store.stop(true);
  }
}

interface Batch {
  readonly operation: string;
  readonly objects: readonly { readonly oid: string; readonly size: number }[];
}

const LOCK = {
  id: "7",
  path: "other.bin",
  locked_at: "2026-01-01T00:00:00Z",
  owner: { name: "ana" },
  secret: SIGNATURE,
};

function json(value: unknown): Response {
  return new Response(JSON.stringify(value), { headers: { "content-type": TYPE } });
}
