import type { LiveConfig } from "../policy/live-config.ts";
import { quote } from "../policy/printable.ts";
import { Credentials } from "./credential.ts";
import { OpenExchange } from "./exchange.ts";
import { HEALTH_PATH, Problems, type BrokerHealth } from "./health.ts";
import { log } from "./log.ts";
import { missingFiles } from "./missing-files.ts";
import type { BrokerPlugin } from "./plugin.ts";
import { Refusal } from "./refusal.ts";
import { Upstream } from "./upstream.ts";

export interface BrokerOptions {
  readonly config: LiveConfig;
  readonly plugin: BrokerPlugin;
  /** Where to listen; port 0 takes any free one. */
  readonly hostname: string;
  readonly port: number;
}

/** A broker that listens. */
export interface Broker {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Takes no new requests, lets those that run come to their end for 10 seconds, and resolves when all are gone. */
  stop(): Promise<void>;
}

const HEALTH_URL = new RegExp(`^(?:https?://[^/?#]*)?${HEALTH_PATH}$`);
const DRAIN_MS = 10_000;
/** How long a connection may take to say what it wants. */
const HEAD_SECONDS = 30;

/** Starts the broker of one tool. Throws what Bun.serve throws when the address cannot be listened on. */
export function startBroker({ config, plugin, hostname, port }: BrokerOptions): Broker {
  const problems = new Problems();
  const upstream = new Upstream(plugin.scheme, new Credentials(), problems);
  const running = new Set<OpenExchange>();
  let isStopping = false;
  config.onChange((changed) => {
    if (changed.plugin !== plugin.name) {
      throw new Error(`This is the broker of ${plugin.name}, and cannot become that of ${quote(changed.plugin)}`);
    }
  });

  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    // One request that breaks in a way that nobody foresaw must not take the others with it.
    process.on(event, (error: unknown) => asRefusal(error));
  }

  const refuse = plugin.refuse ?? ((refusal: Refusal): Response => refusal.response());
  const health = (): Response => {
    config.look();
    const missing = missingFiles(config.current).map(({ message }) => message);
    const list = [...(config.problem === "" ? [] : [config.problem]), ...missing, ...problems.list()];
    const state = isStopping ? "stopping" : "ready";
    return Response.json({ state, tool: plugin.name, requests: running.size, problems: list } satisfies BrokerHealth);
  };

  const answer = async (request: Request, from: string, self: string): Promise<Response> => {
    config.look();
    const { current } = config;
    if (running.size >= current.broker.limits.requests) {
      const message = `The broker is busy: ${running.size} requests run, which is broker.limits.requests; try again later`;
      throw new Refusal(503, "limits", message);
    }
    const target = plugin.target(request.url, current);
    const exchange: OpenExchange = new OpenExchange({ request, target, config: current, self, from }, upstream, () =>
      running.delete(exchange),
    );
    running.add(exchange);
    try {
      return exchange.outgoing(await plugin.answer(exchange));
    } catch (error) {
      const refusal = asRefusal(exchange.signal.aborted ? exchange.signal.reason : error);
      exchange.note({ decision: "deny", rule: refusal.rule, message: refusal.message });
      return exchange.outgoing(refuse(refusal));
    }
  };

  const server = Bun.serve({
    hostname,
    port,
    idleTimeout: HEAD_SECONDS,
    // Each exchange has limits of its own, which the config decides.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    fetch: async (request, own) => {
      if (request.method === "GET" && HEALTH_URL.test(request.url)) {
        return health();
      }
      own.timeout(request, 0);
      const from = own.requestIP(request)?.address ?? "";
      try {
        return await answer(request, from, own.url.origin.replace("0.0.0.0", "127.0.0.1"));
      } catch (error) {
        const refusal = asRefusal(error);
        log("info", "request", {
          tool: plugin.name,
          from,
          decision: "deny",
          rule: refusal.rule,
          message: refusal.message,
        });
        return refuse(refusal);
      }
    },
    error: (error) => asRefusal(error).response(),
  });
  const url = server.url.origin;
  log("info", "ready", { tool: plugin.name, url, pid: process.pid });
  return {
    url,
    stop: async () => {
      isStopping = true;
      const stopped = server.stop(false);
      await Promise.race([stopped, Bun.sleep(DRAIN_MS)]);
      await server.stop(true);
      log("info", "stopped", { tool: plugin.name });
    },
  };
}

/** Anything that is no refusal is a fault of ours: it is logged, and the tool is told no more than that. */
function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) {
    return error;
  }
  log("error", "internal", { error: String(error instanceof Error ? error.stack : error) });
  return new Refusal(500, "internal", "The broker failed; its log says how");
}
