import type { Certificate } from "./authority.ts";

export interface GitServerOptions {
  /** Folder of the repositories. */
  readonly root: string;
  /** The password that every request must have; undefined: none. */
  readonly token?: string;
  /** Undefined: plain HTTP. */
  readonly certificate?: Certificate;
  /** What it is called, without its port; without it, by its address. */
  readonly name?: string;
  /** Where to listen; without it, any free port of this machine. */
  readonly listen?: { readonly hostname: string; readonly port: number };
  /** Answers instead of git, or lets git answer with undefined. */
  readonly instead?: (request: Request) => Response | undefined | Promise<Response | undefined>;
}

/** One request as the server got it. */
export interface Seen {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The real `git http-backend` behind a server with TLS and a token, as a host of repositories is. */
export class GitServer implements Disposable {
  readonly seen: Seen[] = [];
  readonly #server: Bun.Server<undefined>;
  /** `127.0.0.1:12345` */
  readonly host: string;
  /** With its protocol. */
  readonly url: string;

  constructor(options: GitServerOptions) {
    const { certificate } = options;
    this.#server = Bun.serve({
      ...(options.listen ?? { hostname: "127.0.0.1", port: 0 }),
      idleTimeout: 60,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      ...(certificate === undefined
        ? {}
        : { tls: { cert: Bun.file(certificate.cert), key: Bun.file(certificate.key) } }),
      fetch: async (request) => {
        const { pathname, search } = new URL(request.url);
        this.seen.push({
          line: `${request.method} ${pathname}${search}`,
          headers: Object.fromEntries(request.headers.entries()),
        });
        return (await options.instead?.(request)) ?? (await answer(request, options));
      },
    });
    this.host = `${options.name ?? "127.0.0.1"}:${this.#server.port}`;
    this.url = `${certificate === undefined ? "http" : "https"}://${this.host}`;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

async function answer(request: Request, { root, token }: GitServerOptions): Promise<Response> {
  const given = /^Basic (.*)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const password = Buffer.from(given, "base64").toString().split(":").slice(1).join(":");
  if (token !== undefined && password !== token) {
    return new Response("no", { status: 401, headers: { "www-authenticate": 'Basic realm="git"' } });
  }
  const { pathname, search } = new URL(request.url);
  const length = request.headers.get("content-length");
  const child = Bun.spawn(["git", "http-backend"], {
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_NOSYSTEM: "1",
      HOME: root,
      REMOTE_USER: "tester",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers.get("content-type") ?? "",
      HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
      HTTP_GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
      ...(length === null ? {} : { CONTENT_LENGTH: length }),
    },
    stdin: request.body ?? "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  return await readCgi(child.stdout);
}

/** Head and body of what a CGI program prints. */
async function readCgi(stream: ReadableStream<Uint8Array>): Promise<Response> {
  const reader = stream.getReader();
  let head = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const { done, value } = await reader.read();
    if (done) {
      return new Response("git http-backend said nothing", { status: 500 });
    }
    head = Buffer.concat([head, value]);
    end = head.indexOf("\r\n\r\n");
  }
  const lines = head.subarray(0, end).toString().split("\r\n");
  const fields = lines.map((line) => line.split(": ", 2) as [string, string]);
  const status = Number.parseInt(fields.find(([name]) => name === "Status")?.[1] ?? "200", 10);
  const first = head.subarray(end + 4);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (first.length > 0) {
        controller.enqueue(first);
      }
    },
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) {
        controller.close();
      } else {
        controller.enqueue(value);
      }
    },
  });
  return new Response(body, { status, headers: fields.filter(([name]) => name !== "Status") });
}
