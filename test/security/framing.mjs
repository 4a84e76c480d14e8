// The conversation of src/protocol in the form that attack runners of raw sockets use: requests as objects, messages as
// bytes. An object that is no request of ours becomes what a confused or hostile client might send in its place.
import { encodeHello, encodeOpen, encodeSignal, encodeWantOutput } from "../../src/protocol/client-messages.ts";
import { SIGNAL } from "../../src/protocol/constants.ts";
import { encodeFrame } from "../../src/protocol/frame.ts";

const HELLO = encodeHello({ version: 1, features: 0 });
const STDIN_FRAME_BYTES = 64 * 1024;

/** A request to run the tool: `argv` are its arguments. */
export function exec({ argv = [], env = {}, cwd = "/" } = {}) {
  return { type: "exec", argv, env, cwd };
}

export function stdin(data) {
  return { type: "stdin", data };
}

export function signal(pid, name) {
  return { type: "signal", pid, name };
}

/** The bytes of one of the objects above, or of whatever else is given. */
export function frame(message) {
  if (
    message?.type === "exec" &&
    Array.isArray(message.argv) &&
    message.argv.every((text) => typeof text === "string")
  ) {
    return Buffer.concat([HELLO, open(message), encodeWantOutput(1, 1 << 20), encodeWantOutput(2, 1 << 20)]);
  }
  if (message?.type === "stdin") {
    const frames = [];
    for (let start = 0; start < message.data.length; start += STDIN_FRAME_BYTES) {
      frames.push(encodeFrame("STDIN", message.data.subarray(start, start + STDIN_FRAME_BYTES)));
    }
    return Buffer.concat(frames);
  }
  if (message?.type === "signal") {
    return message.name in SIGNAL ? encodeSignal(message.name) : encodeFrame("SIGNAL", Uint8Array.of(99));
  }
  return Buffer.concat([HELLO, encodeFrame("OPEN", Buffer.from(JSON.stringify(message) ?? ""))]);
}

/** A header that declares `length` bytes of an OPEN, and `bytes` behind it. */
export function raw(length, bytes = Buffer.alloc(0)) {
  const header = Buffer.from([0x02, 0, 0, 0, 0]);
  header.writeUInt32BE(length >>> 0, 1);
  return Buffer.concat([HELLO, header, bytes]);
}

function open({ argv, env, cwd }) {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}\0`);
  const window = { rows: 0, columns: 0 };
  return encodeOpen({ tool: "git", cwd, args: argv, env: Buffer.from(variables.join("")), terminals: 0, window });
}
