import type { Authority, Certificate } from "./authority.ts";

type Server = Bun.Server<undefined>;

/**
 * Starts a server at a Unix socket, by TLS where there is a certificate. `from` is the address of its one caller, for
 * such a socket does not tell who is behind it.
 */
export type Serve = (unix: string, from: string, certificate: Certificate | undefined) => Server;

interface Inner {
  readonly unix: string;
  readonly server: Server;
}

/**
 * The servers behind a proxy: for each caller one, and one more for each host that it asks for by TLS, from when it is
 * first asked for. At Unix sockets, which cost a third less than TCP does between two ends of one process.
 */
export class InnerServers {
  readonly #authority: Authority;
  readonly #serve: Serve;
  /** In the order in which they were last asked for. */
  readonly #servers = new Map<string, Inner>();
  readonly #making = new Map<string, Promise<Inner>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(authority: Authority, serve: Serve) {
    this.#authority = authority;
    this.#serve = serve;
  }

  /** The socket at which a caller is answered in the open. */
  plain(from: string): string {
    return this.#use(from, this.#servers.get(from) ?? this.#open(from));
  }

  /**
   * The socket at which a host, `NAME` or `NAME:PORT`, is answered for. Rejects as {@link Authority.issue} does, and
   * when too many wait for it.
   */
  async secure(from: string, host: string): Promise<string> {
    const name = host.replace(/:\d+$/, "");
    const key = `${from} ${name}`;
    return this.#use(key, this.#servers.get(key) ?? (await (this.#making.get(key) ?? this.#make(key, from, name))));
  }

  /** As `Bun.Server.stop`: resolves when the requests that run are at their end, with `atOnce` they are ended. */
  async stop(atOnce: boolean): Promise<void> {
    await Promise.all([...this.#servers.values()].map(async ({ server }) => await server.stop(atOnce)));
  }

  #use(key: string, inner: Inner): string {
    this.#servers.delete(key);
    this.#servers.set(key, inner);
    const [oldest = ""] = this.#servers.keys();
    if (this.#servers.size > MAX_SERVERS) {
      // What is asked of it now is answered still.
      void this.#servers.get(oldest)?.server.stop(false);
      this.#servers.delete(oldest);
    }
    return inner.unix;
  }

  /** One after the other: each takes a process, and whoever asks for many names must not have as many. */
  async #make(key: string, from: string, name: string): Promise<Inner> {
    if (this.#making.size >= MAX_WAITING) {
      throw new Error(`${MAX_WAITING} hosts wait for a certificate already`);
    }
    const inner = this.#last.then(async () => this.#open(from, await this.#authority.issue(name)));
    this.#last = inner.catch(() => {});
    this.#making.set(key, inner);
    try {
      return await inner;
    } finally {
      this.#making.delete(key);
    }
  }

  #open(from: string, certificate?: Certificate): Inner {
    // In the abstract namespace: no file stays behind, and who is not in this network namespace does not find it.
    const unix = `\0plugin-broker-${crypto.randomUUID()}`;
    return { unix, server: this.#serve(unix, from, certificate) };
  }
}

/** A tool asks for few hosts; only one that means harm asks for more. */
const MAX_SERVERS = 64;
/** Whoever has gone is not taken off the list. */
const MAX_WAITING = 512;
