import { CLIENT_EXIT } from "../src/protocol/constants.ts";
import { ask, AskError } from "../src/protocol/ask.ts";
import type { MessageName } from "../src/protocol/constants.ts";
import { encodeFrame } from "../src/protocol/frame.ts";
import { decodeCapabilitiesReport, decodeExplanation } from "../src/protocol/plugin-messages.ts";
import { ClientError, leftBehind } from "./fail.ts";
import type { Call } from "./invocation.ts";
import { encodeCall } from "./opening.ts";

/**
 * What the plugin would decide about a call, as it says it: for people, or as one line of JSON.
 *
 * @throws {ClientError} 127 when nobody listens at any of the paths, and 125 when there is no explanation
 */
export async function explainCall(paths: readonly string[], call: Call, isJson: boolean): Promise<string> {
  const request = encodeCall({ ...call, terminals: 0, window: { rows: 0, columns: 0 } }, "EXPLAIN");
  const { text, json } = decodeExplanation(await askAny(paths, call.tool, "EXPLAIN", request));
  return isJson ? `${json}\n` : text;
}

/**
 * What the plugin of a tool says that it allows.
 *
 * @throws {ClientError} as {@link explainCall}
 */
export async function listCapabilities(paths: readonly string[], tool: string, isJson: boolean): Promise<string> {
  const payload = await askAny(paths, tool, "CAPABILITIES", encodeFrame("CAPABILITIES"));
  const report = decodeCapabilitiesReport(payload);
  const facts: (readonly [string, string])[] = [["tool", report.tool], ["version", report.version], ...report.facts];
  if (isJson) {
    return `${JSON.stringify({ tool: report.tool, version: report.version, facts: Object.fromEntries(report.facts) })}\n`;
  }
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${`${name.padEnd(width)}  ${value}`.trimEnd()}\n`).join("");
}

/** Of the first of the paths where somebody listens. */
async function askAny(
  paths: readonly string[],
  tool: string,
  name: MessageName,
  request: Uint8Array,
): Promise<Uint8Array> {
  let left: string | undefined;
  for (const path of paths) {
    try {
      return await ask(path, name, request);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (error instanceof AskError) {
        throw new ClientError(CLIENT_EXIT.failed, message);
      }
      if (code === "ECONNREFUSED") {
        left ??= path;
      } else if (code !== "ENOENT" && code !== "ENOTDIR") {
        throw new ClientError(CLIENT_EXIT.failed, `Cannot ask the ${tool} plugin at ${path}: ${code ?? message}`);
      }
    }
  }
  if (left !== undefined) {
    throw leftBehind(left);
  }
  throw new ClientError(CLIENT_EXIT.missing, `error: ${tool} plugin not available`);
}
