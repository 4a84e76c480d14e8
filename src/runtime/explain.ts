import { allowedAlternative } from "../policy/alternative.ts";
import { unapproved } from "../policy/approval.ts";
import type { Refused } from "../policy/decision.ts";
import type { Invocation } from "../policy/evaluate.ts";
import { commandLine, explainCall, explanationJson, explanationText, shortened } from "../policy/explanation.ts";
import type { Open } from "../protocol/client-messages.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { encodeDeny, encodeExplanation } from "../protocol/plugin-messages.ts";
import { readInvocation } from "./decide.ts";
import type { Host } from "./host.ts";
import { grammarOf } from "./plugin.ts";

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
  const explained = explainCall(host.config, grammarOf(host.plugin, host.config), invocation, host.roots);
  const { decision } = explained;
  const isHopeless = decision.effect === "ask" && host.approvals === undefined;
  const explanation = isHopeless
    ? { ...explained, decision: { ...unapproved(decision, { kind: "nobody" }), effect: decision.effect } }
    : explained;
  const json = JSON.stringify(explanationJson(explanation));
  return encodeExplanation({ text: explanationText(explanation, false), json });
}

/** DENY, which says what would pass instead where something would, and what goes before it for a client that asked. */
export function denialFrames(
  { config, plugin, roots }: Host,
  invocation: Invocation,
  { rule, message, denial }: Refused,
): { readonly explanation: Uint8Array; readonly deny: Uint8Array } {
  const passes = allowedAlternative(config, grammarOf(plugin, config), invocation, roots);
  const line = passes === undefined ? "" : ` This would pass: ${commandLine(config.plugin, passes)}`;
  const text = `${message}${line}`;
  return {
    explanation: encodeExplanation({
      text: `${text}\n`,
      json: JSON.stringify({ ...denial, passes: shortened(passes) }),
    }),
    deny: encodeDeny({ rule, message: text }),
  };
}
