import { basename } from "node:path";

import { Refusal, type Exchange } from "../../../../src/broker/plugin.ts";
import { checkRepository } from "../allowed-repos.ts";
import { relayBatch } from "./batch.ts";
import { LFS_TYPE, lfsResponse } from "./document.ts";
import { relayLocks } from "./locks.ts";
import type { LfsRoute } from "./route.ts";
import { relayTransfer } from "./transfer.ts";
import { Transfers } from "./transfers.ts";

/**
 * Git LFS, where the config has it: large files of the repositories that are allowed. Objects are read where fetching
 * is allowed and written where pushing is. What is refused is said as git-lfs shows it.
 */
export async function relayLfs(exchange: Exchange, route: LfsRoute): Promise<Response> {
  try {
    return await relay(exchange, route);
  } catch (error) {
    if (!(error instanceof Refusal) || exchange.signal.aborted) {
      throw error;
    }
    exchange.note({ decision: "deny", rule: error.rule, message: error.message });
    return lfsResponse({ message: error.message }, error.status);
  }
}

/** Of this process: whoever was promised a transfer by another one asks again. */
const transfers = new Transfers();

async function relay(exchange: Exchange, route: LfsRoute): Promise<Response> {
  exchange.note({ service: "lfs" });
  checkRepository(exchange.config, route.repository);
  if (!exchange.config.broker.lfs) {
    const file = basename(exchange.config.file);
    throw new Refusal(403, "lfs", `plugin policy: Git LFS is off: broker.lfs is false (${file}). Ask the operator`);
  }
  switch (route.kind) {
    case "batch":
      checkType(exchange);
      return await relayBatch(exchange, route, transfers);
    case "transfer":
      return await relayTransfer(exchange, route, transfers);
    case "verify-locks":
      checkType(exchange);
      return await relayLocks(exchange, route);
    case "locks":
      return await relayLocks(exchange, route);
    case "change-locks":
      throw new Refusal(403, "lfs", "plugin policy: files cannot be locked or unlocked from here; ask a person to");
    default:
      throw new Refusal(404, "route", "plugin policy: this is none of the services of Git LFS that pass");
  }
}

function checkType({ headers }: Exchange): void {
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim();
  if (type !== LFS_TYPE || (headers.get("content-encoding") ?? "identity") !== "identity") {
    throw new Refusal(415, "lfs", `Only ${LFS_TYPE} can be sent there, not compressed`);
  }
}
