import type { LiveConfig } from "../policy/live-config.ts";
import { quote } from "../policy/printable.ts";
import { Credentials } from "./credential.ts";
import { OpenExchange } from "./exchange.ts";
import { HEALTH_PATH, Problems, type BrokerHealth } from "./health.ts";
import { log } from "./log.ts";
import { missingFiles } from "./missing-files.ts";
import { openFront, openProxy } from "./front.ts";
import type { BrokerPlugin } from "./plugin.ts";
import { Refusal } from "./refusal.ts";
import { Upstream } from "./upstream.ts";

export interface BrokerOptions {
  readonly config: LiveConfig;
  readonly plugin: BrokerPlugin;
  /** Where to listen; port 0 takes any free one. */
  readonly hostname: string;
  readonly port: number;
  /** Of a broker that is a proxy: the file in which its tool finds whom to believe. */
  readonly caFile: string | undefined;
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

/**
 * Starts the broker of one tool. Rejects when there is no file for a proxy's authority, and with what {@link openFront}
 * and {@link openProxy} throw.
 */
export async function startBroker({ config, plugin, hostname, port, caFile }: BrokerOptions): Promise<Broker> {
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

  const decide = async (request: Request, from: string, self: string): Promise<Response> => {
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

  const answer = async (request: Request, from: string, self: string): Promise<Response> => {
    if (request.method === "GET" && HEALTH_URL.test(request.url)) {
      return health();
    }
    try {
      return await decide(request, from, self);
    } catch (error) {
      const refusal = asRefusal(error);
      const { rule, message } = refusal;
      log("info", "request", { tool: plugin.name, from, decision: "deny", rule, message });
      return refuse(refusal);
    }
  };

  const front = plugin.isProxy
    ? await openProxy({ hostname, port, answer }, present(caFile))
    : openFront({ hostname, port, answer });
  const { url } = front;
  log("info", "ready", { tool: plugin.name, url, pid: process.pid });
  return {
    url,
    stop: async () => {
      isStopping = true;
      await Promise.race([front.stop(false), Bun.sleep(DRAIN_MS)]);
      await front.stop(true);
      log("info", "stopped", { tool: plugin.name });
    },
  };
}

function present(caFile: string | undefined): string {
  if (caFile === undefined) {
    throw new Error("PLUGIN_BROKER_CA is not set: name the file that the plugin reads whom to believe from");
  }
  return caFile;
}

/** Anything that is no refusal is a fault of ours: it is logged, and the tool is told no more than that. */
function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) {
    return error;
  }
  log("error", "internal", { error: String(error instanceof Error ? error.stack : error) });
  return new Refusal(500, "internal", "The broker failed; its log says how");
}
