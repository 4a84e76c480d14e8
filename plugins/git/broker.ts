import { Refusal, type BrokerPlugin } from "../../src/broker/plugin.ts";
import { checkRepository } from "./wire/allowed-repos.ts";
import { relayFetch, relayRefs } from "./wire/fetch.ts";
import { blockedPush } from "./wire/push-rules.ts";
import { relayPush } from "./wire/push.ts";
import { readRoute } from "./wire/route.ts";
import { readGitTarget } from "./wire/target.ts";

/** git's broker: fetch and push by the smart protocol, of repositories and to branches that the config allows. */
export const gitBroker: BrokerPlugin = {
  name: "git",
  target: readGitTarget,
  // The name that goes with tokens of the large hosts; where another is wanted, the config has it.
  scheme: { kind: "basic", username: "x-access-token" },
  answer: async (exchange) => {
    const route = readRoute(exchange);
    exchange.note({ service: route.service });
    checkRepository(exchange.config, route.repository);
    if (route.service === "git-receive-pack") {
      const blocked = blockedPush(exchange.config);
      if (blocked?.kind === "refuse") {
        throw new Refusal(
          403,
          blocked.rule,
          `plugin policy: ${blocked.reason}. A retry will be refused too; ask the operator to change the rule`,
        );
      }
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
