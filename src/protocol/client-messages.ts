import {
  HEADER_BYTES,
  MAGIC,
  MAX_ARGUMENTS,
  MAX_ENVIRONMENT,
  MAX_WINDOW_BYTES,
  MESSAGE,
  SIGNAL,
  STREAM,
} from "./constants.ts";
import type { OutputStream, SignalName } from "./constants.ts";
import { ProtocolError } from "./errors.ts";
import { FieldReader, FieldWriter } from "./fields.ts";
import { encodeFrame } from "./frame.ts";
import { putStrings, putText, putU16, putU32, stringsRoom, textRoom } from "./put.ts";

/** What the client says of itself first. */
export interface Hello {
  readonly version: number;
  readonly features: number;
}

/** One invocation, as the client asks for it. */
export interface Open {
  readonly tool: string;
  readonly cwd: string;
  readonly args: readonly string[];
  /** `NAME=value` and a NUL, for each variable: as the kernel has them, whatever their encoding. */
  readonly env: Uint8Array;
  /** Bits of TERMINAL. */
  readonly terminals: number;
  readonly window: Window;
}

/** The size of a terminal in character cells; 0 by 0 when the client has none. */
export interface Window {
  readonly rows: number;
  readonly columns: number;
}

export function encodeHello({ version, features }: Hello): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + 8);
  frame[0] = MESSAGE.HELLO;
  putU32(frame, 1, 8);
  putU16(frame, putU16(frame, putU32(frame, HEADER_BYTES, MAGIC), version), features);
  return frame;
}

/** Bytes after the known fields belong to later versions and are ignored. */
export function decodeHello(payload: Uint8Array): Hello {
  const fields = new FieldReader("HELLO", payload);
  checkMagic("HELLO", fields.u32());
  return { version: fields.u16(), features: fields.u16() };
}

/** EXPLAIN asks about the same as OPEN would run. */
export function encodeOpen(open: Open, name: "OPEN" | "EXPLAIN" = "OPEN"): Uint8Array {
  const { tool, cwd, args, env, terminals, window } = open;
  const room = textRoom(tool) + textRoom(cwd) + stringsRoom(args) + 4 + env.length + 5;
  const frame = new Uint8Array(HEADER_BYTES + room);
  let end = putText(frame, HEADER_BYTES, tool);
  end = putText(frame, end, cwd);
  end = putStrings(frame, end, args);
  end = putU32(frame, end, env.length);
  frame.set(env, end);
  end += env.length;
  frame[end] = terminals;
  end = putU16(frame, end + 1, window.rows);
  end = putU16(frame, end, window.columns);
  frame[0] = MESSAGE[name];
  putU32(frame, 1, end - HEADER_BYTES);
  return frame.subarray(0, end);
}

export function decodeOpen(payload: Uint8Array, name: "OPEN" | "EXPLAIN" = "OPEN"): Open {
  const fields = new FieldReader(name, payload);
  const open: Open = {
    tool: fields.text(),
    cwd: fields.text(),
    args: fields.strings(MAX_ARGUMENTS),
    env: fields.block(MAX_ENVIRONMENT),
    terminals: fields.u8(),
    window: { rows: fields.u16(), columns: fields.u16() },
  };
  fields.end();
  return open;
}

export function encodeWantOutput(stream: OutputStream, bytes: number): Uint8Array {
  return encodeFrame("WANT_OUTPUT", new FieldWriter().u8(stream).u32(bytes).finish());
}

export function decodeWantOutput(payload: Uint8Array): { stream: OutputStream; bytes: number } {
  const fields = new FieldReader("WANT_OUTPUT", payload);
  const stream = readOutputStream("WANT_OUTPUT", fields);
  const bytes = fields.u32();
  if (bytes > MAX_WINDOW_BYTES) {
    throw new ProtocolError(
      "malformed_message",
      `Cannot read WANT_OUTPUT: found ${bytes} bytes, at most ${MAX_WINDOW_BYTES} are accepted`,
    );
  }
  fields.end();
  return { stream, bytes };
}

export function encodeOutputClosed(stream: OutputStream): Uint8Array {
  return encodeFrame("OUTPUT_CLOSED", Uint8Array.of(stream));
}

export function decodeOutputClosed(payload: Uint8Array): OutputStream {
  const fields = new FieldReader("OUTPUT_CLOSED", payload);
  const stream = readOutputStream("OUTPUT_CLOSED", fields);
  fields.end();
  return stream;
}

export function encodeSignal(signal: SignalName): Uint8Array {
  return encodeFrame("SIGNAL", Uint8Array.of(SIGNAL[signal]));
}

export function decodeSignal(payload: Uint8Array): SignalName {
  const fields = new FieldReader("SIGNAL", payload);
  const number = fields.u8();
  fields.end();
  const name = (Object.keys(SIGNAL) as SignalName[]).find((signal) => SIGNAL[signal] === number);
  if (name === undefined) {
    const known = Object.entries(SIGNAL).map(([signal, value]) => `${value} (${signal})`);
    throw new ProtocolError(
      "malformed_message",
      `Cannot read SIGNAL: found ${number}, accepted are ${known.join(", ")}`,
    );
  }
  return name;
}

export function encodeWindow({ rows, columns }: Window): Uint8Array {
  return encodeFrame("WINDOW", new FieldWriter().u16(rows).u16(columns).finish());
}

export function decodeWindow(payload: Uint8Array): Window {
  const fields = new FieldReader("WINDOW", payload);
  const window = { rows: fields.u16(), columns: fields.u16() };
  fields.end();
  return window;
}

/** @throws {ProtocolError} `malformed_message` when the other side is something else than a client or plugin */
export function checkMagic(message: string, found: number): void {
  if (found !== MAGIC) {
    throw new ProtocolError("malformed_message", `Cannot read ${message}: it does not begin with "CCPS"`);
  }
}

export function readOutputStream(message: string, fields: FieldReader): OutputStream {
  const stream = fields.u8();
  if (stream !== STREAM.stdout && stream !== STREAM.stderr) {
    throw new ProtocolError(
      "malformed_message",
      `Cannot read ${message}: found stream ${stream}, accepted are 1 (stdout) and 2 (stderr)`,
    );
  }
  return stream;
}
