import type { Refused } from "../policy/decision.ts";
import { explainCall, explanationJson, explanationText } from "../policy/explanation.ts";
import type { Open } from "../protocol/client-messages.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { encodeExplanation } from "../protocol/plugin-messages.ts";
import { readInvocation } from "./decide.ts";
import type { Host } from "./host.ts";

/**
 * The answer to EXPLAIN: what would be decided about this call. Nothing is started.
 *
 * @throws {ProtocolError} `wrong_tool` and `cwd_unusable`, as for OPEN
 */
export function explanationFrame(host: Host, open: Open): Uint8Array {
  const invocation = readInvocation(host, open);
  if ("kind" in invocation) {
    throw new ProtocolError(invocation.code, invocation.message);
  }
  const explanation = explainCall(host.config, host.plugin.grammar, invocation, host.roots);
  const json = JSON.stringify(explanationJson(explanation));
  return encodeExplanation({ text: explanationText(explanation, false), json });
}

/** What goes before DENY for a client that asked for it. */
export function denialFrame({ message, denial }: Refused): Uint8Array {
  return encodeExplanation({ text: `${message}\n`, json: JSON.stringify(denial) });
}
