import type { BrokerPlugin } from "../../src/broker/plugin.ts";
import { relayLfs } from "./wire/lfs/relay.ts";
import { readLfsRoute } from "./wire/lfs/route.ts";
import { checkRepository } from "./wire/allowed-repos.ts";
import { relayFetch, relayRefs } from "./wire/fetch.ts";
import { checkPush } from "./wire/push-rules.ts";
import { relayPush } from "./wire/push.ts";
import { readRoute } from "./wire/route.ts";
import { readGitTarget } from "./wire/target.ts";

/** git's broker: fetch and push by the smart protocol, and Git LFS where it is wanted, of repositories and to branches that the config allows. */
export const gitBroker: BrokerPlugin = {
  name: "git",
  isProxy: true,
  target: readGitTarget,
  // The name that goes with tokens of the large hosts; where another is wanted, the config has it.
  scheme: { kind: "basic", username: "x-access-token" },
  answer: async (exchange) => {
    const lfs = readLfsRoute(exchange);
    if (lfs !== undefined) {
      return await relayLfs(exchange, lfs);
    }
    const route = readRoute(exchange);
    exchange.note({ service: route.service });
    checkRepository(exchange.config, route.repository);
    if (route.service === "git-receive-pack") {
      checkPush(exchange.config);
    }
    if (route.kind === "refs") {
      exchange.note({ decision: "allow" });
      return await relayRefs(exchange, route);
    }
    if (route.service === "git-upload-pack") {
      exchange.note({ decision: "allow" });
      return await relayFetch(exchange, route);
    }
    return await relayPush(exchange, route);
  },
};
