import { EXIT_KIND, MAGIC, MESSAGE, PROTOCOL_VERSION } from "../src/protocol/constants.ts";
import { libc, ptr } from "../src/protocol/libc.ts";

/** How long a call may take to be a short one. */
const SHORT_MS = 50;
const POLLIN = 1;

/** A byte that may be any. */
const ANY = -1;
const MAGIC_BYTES = [MAGIC >>> 24, (MAGIC >>> 16) & 0xff, (MAGIC >>> 8) & 0xff, MAGIC & 0xff];
const VERSION_BYTES = [PROTOCOL_VERSION >>> 8, PROTOCOL_VERSION & 0xff];
const WELCOME = [MESSAGE.WELCOME, 0, 0, 0, 8, ...MAGIC_BYTES, ...VERSION_BYTES, ANY, ANY];
const STDIN_BYTES = [ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY];
const EXIT = [MESSAGE.EXIT, 0, 0, 0, 14, EXIT_KIND.code, ANY, 0, 0, 0, 0, ...STDIN_BYTES];
/** All that a plugin says in such a call: WELCOME, in our version, and EXIT, with a code and without a signal's name. */
const WHOLE: readonly number[] = [...WELCOME, ...EXIT];
const CODE_OFFSET = 19;
/** More than it takes, for a plugin that says more than that, which is judged as one. */
const ROOM_BYTES = 1024;

/** How a short call ended, or what the plugin has said of another one so far. */
export type Answer =
  | { readonly kind: "ended"; readonly status: number }
  | { readonly kind: "open"; readonly received: Uint8Array };

/**
 * Waits a moment for a tool that runs on our own streams to end by itself: for most calls nothing else comes of it, and
 * the event loop with all that reads messages costs a tenth of them. Whatever else the plugin says, a signal and the end
 * of that moment leave the call to the rest of the client. `socket` does not block.
 */
export function awaitShortCall(socket: number): Answer {
  const { poll, read } = libc();
  const room = new Uint8Array(ROOM_BYTES);
  // struct pollfd
  const asked = new Int32Array([socket, POLLIN]);
  const deadline = performance.now() + SHORT_MS;
  let length = 0;
  for (;;) {
    const restMs = Math.ceil(deadline - performance.now());
    const isThere = restMs > 0 && poll(ptr(asked), 1, restMs) === 1;
    const count = isThere ? Number(read(socket, ptr(room, length), room.length - length)) : 0;
    length += Math.max(count, 0);
    const received = room.subarray(0, length);
    if (count <= 0 || !isAsExpected(received)) {
      return { kind: "open", received };
    }
    if (length === WHOLE.length) {
      return { kind: "ended", status: received[CODE_OFFSET] ?? 0 };
    }
  }
}

/** Whether these are the first bytes of {@link WHOLE}, or all. */
function isAsExpected(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index += 1) {
    if (WHOLE[index] !== ANY && WHOLE[index] !== bytes[index]) {
      return false;
    }
  }
  return true;
}
