import { checkMagic, readOutputStream } from "./client-messages.ts";
import {
  CARRIER,
  ERROR,
  EXIT_KIND,
  HEALTH_STATE,
  MAGIC,
  MAX_FACTS,
  MAX_REPORT_BYTES,
  MAX_RULE_BYTES,
  MAX_SENTENCE_BYTES,
  PROTOCOL_VERSION,
} from "./constants.ts";
import type { CarrierName, ErrorName, OutputStream } from "./constants.ts";
import { ProtocolError } from "./errors.ts";
import { FieldReader, FieldWriter } from "./fields.ts";
import { encodeFrame } from "./frame.ts";

/** The plugin's answer to HELLO: the version and the features that this conversation uses. */
export interface Welcome {
  readonly version: number;
  readonly features: number;
}

export interface Denial {
  readonly rule: string;
  readonly message: string;
}

export interface Failure {
  /** Undefined when the number is not known to this version. */
  readonly code: ErrorName | undefined;
  readonly message: string;
}

/** How the tool ended: by itself with a code of 0–255, or by a signal, which has a name and never a number. */
export type Ending = { readonly code: number } | { readonly signal: string };

export interface Exit {
  readonly ending: Ending;
  /** How many bytes of the STDIN messages the tool has read; 0 with descriptors. */
  readonly stdinBytes: number;
}

export interface HealthReport {
  readonly state: keyof typeof HEALTH_STATE;
  readonly tool: string;
  readonly version: string;
  readonly pid: number;
  /** Milliseconds since 1970-01-01. */
  readonly sinceMs: number;
  readonly sessions: number;
  readonly waiting: number;
  readonly carrier: CarrierName;
  /** Why the config as it is now is not the one in use; empty when it is. */
  readonly problem: string;
}

export interface CapabilitiesReport {
  readonly tool: string;
  readonly version: string;
  /** Names and values, both for people and programs: `stdio`, `limits.sessions`, `rules.blocked_commands` … */
  readonly facts: readonly (readonly [string, string])[];
}

/** What would be decided about a call, twice. */
export interface Explanation {
  /** For people: lines, each with its newline. */
  readonly text: string;
  /** For programs: one JSON object. */
  readonly json: string;
}
/** Leaves room in a HEALTH_REPORT for its other fields, a tool's and a version's name among them. */
const MAX_PROBLEM_BYTES = 2 * 1024;

const cut = new TextDecoder();

export function encodeWelcome({ version, features }: Welcome): Uint8Array {
  return encodeFrame("WELCOME", new FieldWriter().u32(MAGIC).u16(version).u16(features).finish());
}

/** @throws {ProtocolError} `unsupported_version`; bytes after the known fields are ignored */
export function decodeWelcome(payload: Uint8Array): Welcome {
  const fields = new FieldReader("WELCOME", payload);
  checkMagic("WELCOME", fields.u32());
  const version = fields.u16();
  if (version !== PROTOCOL_VERSION) {
    throw new ProtocolError(
      "unsupported_version",
      `Cannot speak version ${version} of the plugin: this client speaks ${PROTOCOL_VERSION}`,
    );
  }
  return { version, features: fields.u16() };
}

export function encodeDeny({ rule, message }: Denial): Uint8Array {
  return encodeFrame("DENY", new FieldWriter().text(sentence(rule, MAX_RULE_BYTES)).text(sentence(message)).finish());
}

export function decodeDeny(payload: Uint8Array): Denial {
  const fields = new FieldReader("DENY", payload);
  const denial = { rule: fields.text(), message: fields.text() };
  fields.end();
  return denial;
}

export function encodeError(code: ErrorName, message: string): Uint8Array {
  return encodeFrame("ERROR", new FieldWriter().u16(ERROR[code]).text(sentence(message)).finish());
}

export function decodeError(payload: Uint8Array): Failure {
  const fields = new FieldReader("ERROR", payload);
  const number = fields.u16();
  const message = fields.text();
  fields.end();
  return { code: (Object.keys(ERROR) as ErrorName[]).find((name) => ERROR[name] === number), message };
}

export function encodeWantInput(bytes: number): Uint8Array {
  return encodeFrame("WANT_INPUT", new FieldWriter().u32(bytes).finish());
}

export function decodeWantInput(payload: Uint8Array): number {
  const fields = new FieldReader("WANT_INPUT", payload);
  const bytes = fields.u32();
  fields.end();
  return bytes;
}

export function encodeOutputEnd(stream: OutputStream): Uint8Array {
  return encodeFrame("OUTPUT_END", Uint8Array.of(stream));
}

export function decodeOutputEnd(payload: Uint8Array): OutputStream {
  const fields = new FieldReader("OUTPUT_END", payload);
  const stream = readOutputStream("OUTPUT_END", fields);
  fields.end();
  return stream;
}

export function encodeExit({ ending, stdinBytes }: Exit): Uint8Array {
  const fields = new FieldWriter();
  if ("code" in ending) {
    fields.u8(EXIT_KIND.code).u8(ending.code).text("");
  } else {
    fields.u8(EXIT_KIND.signal).u8(0).text(ending.signal);
  }
  return encodeFrame("EXIT", fields.u64(stdinBytes).finish());
}

export function decodeExit(payload: Uint8Array): Exit {
  const fields = new FieldReader("EXIT", payload);
  const kind = fields.u8();
  const code = fields.u8();
  const signal = fields.text();
  const stdinBytes = fields.u64();
  fields.end();
  if (kind !== EXIT_KIND.code && kind !== EXIT_KIND.signal) {
    throw new ProtocolError(
      "malformed_message",
      `Cannot read EXIT: found kind ${kind}, accepted are 0 (code) and 1 (signal)`,
    );
  }
  return { ending: kind === EXIT_KIND.code ? { code } : { signal }, stdinBytes };
}

export function encodeHealthReport(report: HealthReport): Uint8Array {
  const fields = new FieldWriter().u8(HEALTH_STATE[report.state]).text(report.tool).text(report.version);
  fields.u32(report.pid).u64(report.sinceMs).u32(report.sessions).u32(report.waiting);
  fields.u8(CARRIER[report.carrier]).text(sentence(report.problem, MAX_PROBLEM_BYTES));
  return encodeFrame("HEALTH_REPORT", fields.finish());
}

export function decodeHealthReport(payload: Uint8Array): HealthReport {
  const fields = new FieldReader("HEALTH_REPORT", payload);
  const state = fields.u8();
  if (state !== HEALTH_STATE.ready && state !== HEALTH_STATE.stopping) {
    throw new ProtocolError(
      "malformed_message",
      `Cannot read HEALTH_REPORT: found state ${state}, accepted are 1 (ready) and 2 (stopping)`,
    );
  }
  const report: HealthReport = {
    state: state === HEALTH_STATE.ready ? "ready" : "stopping",
    tool: fields.text(),
    version: fields.text(),
    pid: fields.u32(),
    sinceMs: fields.u64(),
    sessions: fields.u32(),
    waiting: fields.u32(),
    carrier: readCarrier(fields),
    problem: fields.text(),
  };
  fields.end();
  return report;
}

function readCarrier(fields: FieldReader): CarrierName {
  const found = fields.u8();
  const name = (Object.keys(CARRIER) as CarrierName[]).find((carrier) => CARRIER[carrier] === found);
  if (name === undefined) {
    throw new ProtocolError(
      "malformed_message",
      `Cannot read HEALTH_REPORT: found carrier ${found}, accepted are 0 (none), 1 (descriptors) and 2 (frames)`,
    );
  }
  return name;
}

/** Leaves out the facts that do not fit any more: a report without a long list is better than none. */
export function encodeCapabilitiesReport({ tool, version, facts }: CapabilitiesReport): Uint8Array {
  const fitting: (readonly [string, string])[] = [];
  let room = MAX_REPORT_BYTES - 3 * 4 - Buffer.byteLength(tool) - Buffer.byteLength(version);
  for (const fact of facts) {
    const bytes = 2 * 4 + Buffer.byteLength(fact[0]) + Buffer.byteLength(fact[1]);
    if (bytes <= room && fitting.length < MAX_FACTS) {
      fitting.push(fact);
      room -= bytes;
    }
  }
  return encodeFrame("CAPABILITIES_REPORT", new FieldWriter().text(tool).text(version).pairs(fitting).finish());
}

export function decodeCapabilitiesReport(payload: Uint8Array): CapabilitiesReport {
  const fields = new FieldReader("CAPABILITIES_REPORT", payload);
  const report = { tool: fields.text(), version: fields.text(), facts: fields.pairs(MAX_FACTS) };
  fields.end();
  return report;
}

/** For what the call waits, in one sentence; empty when it no longer does. */
export function encodePending(message: string): Uint8Array {
  return encodeFrame("PENDING", new FieldWriter().text(sentence(message)).finish());
}

export function decodePending(payload: Uint8Array): string {
  const fields = new FieldReader("PENDING", payload);
  const message = fields.text();
  fields.end();
  return message;
}

/** The text is cut to what is left beside the JSON, which must fit. */
export function encodeExplanation({ text, json }: Explanation): Uint8Array {
  const room = MAX_REPORT_BYTES - 2 * 4 - Buffer.byteLength(json);
  return encodeFrame("EXPLANATION", new FieldWriter().text(sentence(text, room)).text(json).finish());
}

export function decodeExplanation(payload: Uint8Array): Explanation {
  const fields = new FieldReader("EXPLANATION", payload);
  const explanation = { text: fields.text(), json: fields.text() };
  fields.end();
  return explanation;
}

/** Cut to what its message may carry (room for the other fields is left), at a character's end and without NUL. */
function sentence(text: string, bytes: number = MAX_SENTENCE_BYTES - 256): string {
  const encoded = new TextEncoder().encode(text.replaceAll("\0", ""));
  return encoded.length <= bytes
    ? text.replaceAll("\0", "")
    : cut.decode(encoded.subarray(0, bytes)).replace(/\uFFFD+$/u, "");
}
