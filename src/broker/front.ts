import { Authority, type Certificate } from "./authority.ts";
import { HEAD_SECONDS, startProxy } from "./proxy.ts";
import { SecureServers } from "./secure-servers.ts";

/** Where a broker is asked. */
export interface Front {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Takes no new requests. Resolves when those that run are at their end; with `atOnce` they are ended. */
  stop(atOnce: boolean): Promise<void>;
}

export interface FrontOptions {
  readonly hostname: string;
  /** Port 0 takes any free one. */
  readonly port: number;
  /** `from`: address of whoever asks; `self`: URL at which this machine's own programs may ask. Never rejects. */
  readonly answer: (request: Request, from: string, self: string) => Promise<Response>;
}

/** Answers requests as they come. Throws what Bun.serve throws when the address cannot be listened on. */
export function openFront({ hostname, port, answer }: FrontOptions): Front {
  const server = serve(hostname, port, async (request, peer) => await answer(request, peer?.address ?? "", self));
  const self = server.url.origin.replace("0.0.0.0", "127.0.0.1");
  return { url: server.url.origin, stop: async (atOnce) => await server.stop(atOnce) };
}

/**
 * Answers a tool that takes the broker for its proxy: for each host that it asks for by TLS, with a certificate of an
 * authority that is written down in `caFile` for the tool. Rejects with what the system says when the address cannot be
 * listened on, and with what {@link Authority.create} does.
 */
export async function openProxy({ hostname, port, answer }: FrontOptions, caFile: string): Promise<Front> {
  const callers = new Map<number, string>();
  const serveHere = (certificate?: Certificate): Bun.Server<undefined> =>
    serve(
      "127.0.0.1",
      0,
      async (request, peer) => await answer(request, callers.get(peer?.port ?? 0) ?? peer?.address ?? "", self),
      certificate,
    );
  const plain = serveHere();
  const self = plain.url.origin;
  const authority = await Authority.create();
  await authority.publish(caFile);
  const secure = new SecureServers(authority, serveHere);
  const securePort = async (host: string): Promise<number> => await secure.portOf(host);
  const proxy = startProxy({ hostname, port, plainPort: plain.port ?? 0, securePort, callers });
  return {
    url: `http://${hostname}:${proxy.port}`,
    stop: async (atOnce) => {
      proxy.stop(atOnce);
      await Promise.all([plain.stop(atOnce), secure.stop(atOnce)]);
    },
  };
}

type Peer = Bun.SocketAddress | null;

function serve(
  hostname: string,
  port: number,
  answer: (request: Request, peer: Peer) => Promise<Response>,
  tls?: Certificate,
): Bun.Server<undefined> {
  return Bun.serve({
    hostname,
    port,
    ...(tls === undefined ? {} : { tls }),
    idleTimeout: HEAD_SECONDS,
    // Each exchange has limits of its own, which the config decides.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    fetch: async (request, own) => {
      own.timeout(request, 0);
      return await answer(request, own.requestIP(request));
    },
  });
}
