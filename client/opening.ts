import { encodeHello, encodeOpen, type Open } from "../src/protocol/client-messages.ts";
import { FEATURE, HEADER_BYTES, MAX_OPEN_BYTES, PROTOCOL_VERSION } from "../src/protocol/constants.ts";
import { connectWith } from "../src/protocol/descriptors.ts";
import type { Sent } from "../src/protocol/descriptors.ts";
import { joinFrames } from "../src/protocol/frame.ts";
import { tooLong } from "./invocation.ts";
import type { Call } from "./invocation.ts";
import { findTerminals, readWindow } from "./libc.ts";

/** What is said to a plugin first: HELLO, with these features, and OPEN. */
export interface Opening {
  readonly tool: string;
  /** Which of our streams are terminals, as bits of TERMINAL. */
  readonly terminals: number;
  readonly features: number;
  readonly open: Uint8Array;
}

/** A connected socket, and what of the opening it has not taken yet. */
export interface Passed {
  readonly socket: number;
  readonly unsent: Uint8Array;
}

const STDIO = [0, 1, 2];

/** @throws {ClientError} 125 for more than OPEN can carry */
export function prepareOpening(call: Call): Opening {
  const terminals = findTerminals();
  const window = terminals === 0 ? { rows: 0, columns: 0 } : readWindow(terminals);
  const open = encodeCall({ ...call, terminals, window }, "OPEN");
  const features = FEATURE.approvals | (process.env["PLUGIN_DENIALS"] === "json" ? FEATURE.explanations : 0);
  return { tool: call.tool, terminals, features, open };
}

/** @throws {ClientError} 125 for more than one message can carry */
export function encodeCall(call: Open, name: "OPEN" | "EXPLAIN"): Uint8Array {
  const frame = encodeOpen(call, name);
  if (frame.length - HEADER_BYTES > MAX_OPEN_BYTES) {
    throw tooLong(`found ${frame.length - HEADER_BYTES} bytes`);
  }
  return frame;
}

/** HELLO and OPEN leave together: the only other answer to the first is that the plugin does not speak our version. */
export function encodeOpening({ features, open }: Opening, more: number): Uint8Array {
  return joinFrames(encodeHello({ version: PROTOCOL_VERSION, features: features | more }), open);
}

/**
 * Connects to `path` and sends the opening with our standard streams beside it. What connect(2) says where it fails;
 * undefined where descriptors cannot travel.
 */
export function pass(path: string, bytes: Uint8Array): Sent | undefined {
  try {
    return connectWith(path, bytes, STDIO);
  } catch {
    return undefined;
  }
}

/** Passes the opening to the first of `paths` that is there. Undefined where that takes more than this one attempt. */
export function passAtOnce(paths: readonly string[], opening: Opening): Passed | undefined {
  const bytes = encodeOpening(opening, FEATURE.descriptors);
  for (const path of paths) {
    const sent = pass(path, bytes);
    if (sent?.socket !== undefined) {
      return { socket: sent.socket, unsent: bytes.subarray(sent.sentBytes) };
    }
    if (sent?.code !== "ENOENT") {
      return undefined;
    }
  }
  return undefined;
}
