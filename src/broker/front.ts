import { Authority, type Certificate } from "./authority.ts";
import { InnerServers } from "./inner-servers.ts";
import { startProxy } from "./proxy.ts";

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
  const server = serve({ hostname, port }, async (request, from) => await answer(request, from, self));
  const self = server.url.origin.replace("0.0.0.0", "127.0.0.1");
  return { url: server.url.origin, stop: async (atOnce) => await server.stop(atOnce) };
}

/**
 * Answers a tool that takes the broker for its proxy: for each host that it asks for by TLS, with a certificate of an
 * authority that is written down in `caFile` for the tool. Rejects with what the system says when the address cannot be
 * listened on, and with what {@link Authority.create} does.
 */
export async function openProxy({ hostname, port, answer }: FrontOptions, caFile: string): Promise<Front> {
  const own = openFront({ hostname: "127.0.0.1", port: 0, answer });
  const authority = await Authority.create();
  await authority.publish(caFile);
  const inner = new InnerServers(authority, (unix, from, certificate) =>
    serve({ unix }, async (request) => await answer(request, from, own.url), certificate),
  );
  const proxy = startProxy({ hostname, port, inner });
  return {
    url: `http://${hostname}:${proxy.port}`,
    stop: async (atOnce) => {
      proxy.stop(atOnce);
      await Promise.all([own.stop(atOnce), inner.stop(atOnce)]);
    },
  };
}

type Place = { readonly hostname: string; readonly port: number } | { readonly unix: string };

/** `answer` is told the address of whoever asks, empty where that is not known. */
function serve(
  place: Place,
  answer: (request: Request, from: string) => Promise<Response>,
  tls?: Certificate,
): Bun.Server<undefined> {
  const options = {
    ...place,
    ...(tls === undefined ? {} : { tls }),
    // Each exchange has limits of its own, which the config decides. Whoever has not said what they want is not waited
    // for, whatever is set here.
    idleTimeout: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    fetch: async (request: Request, server: Bun.Server<undefined>) =>
      await answer(request, server.requestIP(request)?.address ?? ""),
  };
  // Bun has idleTimeout at Unix sockets too; its types do not.
  return Bun.serve(options as Bun.Serve.Options<undefined>);
}
