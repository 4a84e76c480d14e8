import { HEADER_BYTES, MAX_PAYLOAD_BYTES, MESSAGE } from "./constants.ts";
import type { MessageName, MessageType } from "./constants.ts";
import { ProtocolError } from "./errors.ts";

/** One message as it travels: its type and its payload. */
export interface Frame {
  readonly name: MessageName;
  readonly payload: Uint8Array;
}

const names: (MessageName | undefined)[] = [];
for (const name of Object.keys(MESSAGE) as MessageName[]) {
  names[MESSAGE[name]] = name;
}

/** The five bytes in front of a payload of `length` bytes. */
export function encodeHeader(type: MessageType, length: number): Uint8Array {
  return Uint8Array.of(type, length >>> 24, length >>> 16, length >>> 8, length);
}

/** A whole message in one buffer, for everything but the data of the streams. */
export function encodeFrame(name: MessageName, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  frame.set(encodeHeader(MESSAGE[name], payload.length));
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Two messages in one buffer, so that they leave together. */
export function joinFrames(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/**
 * Reads a header.
 *
 * @throws {ProtocolError} `unknown_message`, or `message_too_long` when the length is above the limit of that message
 */
export function decodeHeader(header: Uint8Array): { name: MessageName; length: number } {
  const type = header[0] ?? 0;
  const name = names[type];
  if (name === undefined) {
    throw new ProtocolError("unknown_message", `Cannot read message type 0x${type.toString(16).padStart(2, "0")}`);
  }
  const length = new DataView(header.buffer, header.byteOffset, HEADER_BYTES).getUint32(1);
  const limit = MAX_PAYLOAD_BYTES[name];
  if (length > limit) {
    throw new ProtocolError(
      "message_too_long",
      `Cannot read ${name} of ${length} bytes: at most ${limit} are accepted`,
    );
  }
  return { name, length };
}
