import { EXIT_KIND, HEADER_BYTES, MESSAGE } from "../src/protocol/constants.ts";
import { libc, ptr } from "../src/protocol/libc.ts";

/** How long a call may take to be a short one. */
const SHORT_MS = 50;
const POLLIN = 1;
const MSG_DONTWAIT = 0x40;
const ROOM_BYTES = 4096;
/** Kind, code, no signal, and how much was read of a stdin that was not ours to give. */
const EXIT_BYTES = 14;

/** How a short call ended, or what the plugin has said of another one so far. */
export type Answer =
  | { readonly kind: "ended"; readonly status: number }
  | { readonly kind: "open"; readonly received: Uint8Array };

/**
 * Waits a moment for a tool that runs on our own streams to end by itself: for most calls nothing else comes of it, and
 * the event loop with all that reads messages costs a tenth of them. Whatever else the plugin says, a signal and the end
 * of that moment leave the call to the rest of the client.
 */
export function awaitShortCall(socket: number): Answer {
  const { poll, recv } = libc();
  const room = new Uint8Array(ROOM_BYTES);
  // struct pollfd
  const asked = new Int32Array([socket, POLLIN]);
  const deadline = performance.now() + SHORT_MS;
  let length = 0;
  for (;;) {
    const restMs = Math.ceil(deadline - performance.now());
    const count = restMs > 0 && poll(ptr(asked), 1, restMs) === 1 ? receive() : 0;
    length += Math.max(count, 0);
    const status = statusOf(room, length);
    if (status !== undefined) {
      return { kind: "ended", status };
    }
    if (count <= 0 || !isWelcome(room, length)) {
      return { kind: "open", received: room.subarray(0, length) };
    }
  }

  function receive(): number {
    return length < ROOM_BYTES ? Number(recv(socket, ptr(room, length), ROOM_BYTES - length, MSG_DONTWAIT)) : 0;
  }
}

/** Whether nothing but WELCOME has come. */
function isWelcome(bytes: Uint8Array, length: number): boolean {
  return bytes[0] === MESSAGE.WELCOME && length === endOfFirst(bytes);
}

/** The tool's exit code, where the plugin has said WELCOME and that, and nothing else. */
function statusOf(bytes: Uint8Array, length: number): number | undefined {
  const exit = endOfFirst(bytes);
  const isExit =
    length === exit + HEADER_BYTES + EXIT_BYTES &&
    bytes[0] === MESSAGE.WELCOME &&
    bytes[exit] === MESSAGE.EXIT &&
    bytes[exit + 4] === EXIT_BYTES &&
    bytes[exit + HEADER_BYTES] === EXIT_KIND.code;
  return isExit ? bytes[exit + HEADER_BYTES + 1] : undefined;
}

/** Where the message behind the first begins. No WELCOME is longer than 255 bytes. */
function endOfFirst(bytes: Uint8Array): number {
  return HEADER_BYTES + (bytes[4] ?? 0);
}
