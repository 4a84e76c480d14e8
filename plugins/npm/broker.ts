import type { BrokerPlugin } from "../../src/broker/plugin.ts";
import { relayAudit } from "./wire/audit.ts";
import { relayPublish } from "./wire/publish.ts";
import { relayRead } from "./wire/read.ts";
import { refuse } from "./wire/refuse.ts";
import { readRoute } from "./wire/route.ts";
import { readNpmTarget } from "./wire/target.ts";

/** npm's broker: reading and auditing packages, and publishing those that the config lists. */
export const npmBroker: BrokerPlugin = {
  name: "npm",
  isProxy: false,
  target: readNpmTarget,
  scheme: { kind: "bearer" },
  refuse,
  answer: async (exchange) => {
    const route = readRoute(exchange);
    exchange.note({ service: route.kind });
    switch (route.kind) {
      case "audit":
        return await relayAudit(exchange, route);
      case "publish":
        return await relayPublish(exchange, route.name);
      default:
        return await relayRead(exchange, route);
    }
  },
};
