import type { Authority, Certificate } from "./authority.ts";

type Server = Bun.Server<undefined>;

/** The servers that answer by TLS in the place of hosts: one for each, from when it is first asked for. */
export class SecureServers {
  readonly #authority: Authority;
  readonly #serve: (certificate: Certificate) => Server;
  /** By name; in the order in which they were last asked for. */
  readonly #servers = new Map<string, Server>();
  readonly #making = new Map<string, Promise<Server>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(authority: Authority, serve: (certificate: Certificate) => Server) {
    this.#authority = authority;
    this.#serve = serve;
  }

  /**
   * The port at which a host, `NAME` or `NAME:PORT`, is answered for. Rejects as {@link Authority.issue} does, and when
   * too many wait for it.
   */
  async portOf(host: string): Promise<number> {
    const name = host.replace(/:\d+$/, "");
    const server = this.#servers.get(name) ?? (await (this.#making.get(name) ?? this.#make(name)));
    this.#servers.delete(name);
    this.#servers.set(name, server);
    const [oldest = ""] = this.#servers.keys();
    if (this.#servers.size > MAX_SERVERS) {
      // What is asked of it now is answered still.
      void this.#servers.get(oldest)?.stop(false);
      this.#servers.delete(oldest);
    }
    return server.port ?? 0;
  }

  /** As `Bun.Server.stop`: resolves when the requests that run are at their end, with `atOnce` they are ended. */
  async stop(atOnce: boolean): Promise<void> {
    await Promise.all([...this.#servers.values()].map(async (server) => await server.stop(atOnce)));
  }

  /** One after the other: each takes a process, and whoever asks for many names must not have as many. */
  async #make(name: string): Promise<Server> {
    if (this.#making.size >= MAX_WAITING) {
      throw new Error(`${MAX_WAITING} hosts wait for a certificate already`);
    }
    const server = this.#last.then(async () => this.#serve(await this.#authority.issue(name)));
    this.#last = server.catch(() => {});
    this.#making.set(name, server);
    try {
      return await server;
    } finally {
      this.#making.delete(name);
    }
  }
}

/** A tool asks for few hosts; only one that means harm asks for more. */
const MAX_SERVERS = 64;
/** Whoever has gone is not taken off the list. */
const MAX_WAITING = 512;
