import { dlopen, libc, ptr, read } from "./libc.ts";

/**
 * SCM_RIGHTS through libc: descriptors travel beside the first bytes of a conversation (unix(7), cmsg(3)). Bun's own
 * reads drop them, so both sides do this one exchange themselves. Linux, 64 bits, little-endian.
 */

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC_NONBLOCK = 1 | 0o2000000 | 0o4000;
const ADDRESS_BYTES = 110;
const MSG_DONTWAIT = 0x40;
const MSG_CTRUNC = 0x08;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const CMSG_HEADER_BYTES = 16;
/** Room for ten descriptors; what else is sent the kernel closes and says so. */
const CONTROL_BYTES = 56;
/** Where the parts of a message are: struct msghdr, struct iovec, struct cmsghdr. */
const VECTOR_OFFSET = 56;
const CONTROL_OFFSET = 72;
const MESSAGE_BYTES = CONTROL_OFFSET + CONTROL_BYTES;
/** Names of errors for which a caller has a use; errno(3). */
const ERRORS: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  11: "EAGAIN",
  13: "EACCES",
  111: "ECONNREFUSED",
};

const openReceiver = () =>
  dlopen("libc.so.6", {
    recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
  }).symbols;

/** What came of {@link connectWith}: a connected socket that has taken so many bytes, or the reason of connect(2) why not. */
export type Sent =
  | { readonly socket: number; readonly sentBytes: number }
  | { readonly socket: undefined; readonly code: string };

/** What {@link receiveFirst} found: nothing yet, the end, or bytes and the descriptors beside them, which are the caller's to close. */
export type First =
  | { readonly kind: "nothing" }
  | { readonly kind: "end" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly descriptors: readonly number[] };

let receiver: ReturnType<typeof openReceiver> | undefined;

/**
 * Connects to the Unix socket `path` and sends `bytes` with `descriptors` beside the first of them. What the socket does
 * not take at once is the caller's to send on. Undefined when a connection is to be had, but not with descriptors.
 *
 * @throws {Error} where libc cannot be called; then descriptors cannot be passed at all
 */
export function connectWith(path: string, bytes: Uint8Array, descriptors: readonly number[]): Sent | undefined {
  const sender = libc();
  const address = new Uint8Array(ADDRESS_BYTES);
  address[0] = AF_UNIX;
  // One byte is left for the terminator; a path that was cut would be somebody else's.
  const { read: taken } = new TextEncoder().encodeInto(path, address.subarray(2, ADDRESS_BYTES - 1));
  if (taken < path.length) {
    return { socket: undefined, code: "ENAMETOOLONG" };
  }
  const length = CMSG_HEADER_BYTES + 4 * descriptors.length;
  const header = describe(bytes, (length + 7) & ~7);
  controlOf(header).set([length, 0, SOL_SOCKET, SCM_RIGHTS, ...descriptors]);
  const socket = sender.socket(AF_UNIX, SOCK_STREAM_CLOEXEC_NONBLOCK, 0);
  if (sender.connect(socket, ptr(address), ADDRESS_BYTES) !== 0) {
    // oxlint-disable-next-line no-underscore-dangle -- the name that libc gives it
    const location = sender.__errno_location();
    const code = location === null ? 0 : read.i32(location);
    sender.close(socket);
    return { socket: undefined, code: ERRORS[code] ?? `errno ${code}` };
  }
  const sentBytes = Number(sender.sendmsg(socket, ptr(header), MSG_NOSIGNAL));
  if (sentBytes < 0) {
    sender.close(socket);
    return undefined;
  }
  // The plugin, just woken, may stand behind us on this processor; our next work can wait until it has begun.
  sender.sched_yield();
  return { socket, sentBytes };
}

/** Takes the first bytes of a connection and what came beside them, without waiting. */
export function receiveFirst(socket: number, room: Uint8Array): First {
  receiver ??= openReceiver();
  const header = describe(room, CONTROL_BYTES);
  const count = Number(receiver.recvmsg(socket, ptr(header), MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (count <= 0) {
    return { kind: count === 0 ? "end" : "nothing" };
  }
  const descriptors = received(header);
  // There were more than there was room for.
  if ((Number(header[6]) & MSG_CTRUNC) !== 0) {
    closeDescriptors(descriptors);
    descriptors.length = 0;
  }
  return { kind: "bytes", bytes: room.slice(0, count), descriptors };
}

export function closeDescriptors(descriptors: readonly number[]): void {
  receiver ??= openReceiver();
  for (const descriptor of descriptors) {
    receiver.close(descriptor);
  }
}

/** The descriptors that came with a message. */
function received(header: BigUint64Array): number[] {
  const [length = 0, , level, type, ...descriptors] = controlOf(header);
  if (Number(header[5]) < CMSG_HEADER_BYTES || level !== SOL_SOCKET || type !== SCM_RIGHTS) {
    return [];
  }
  return descriptors.slice(0, (Math.min(length, CONTROL_BYTES) - CMSG_HEADER_BYTES) / 4);
}

/**
 * The one struct msghdr, with the iovec and the control message that it points to behind it; each exchange is over before
 * the next begins, and what libc is told the address of stays where it is.
 */
let message: BigUint64Array | undefined;

/** A message of one buffer, and of `controlBytes` of control message. */
function describe(bytes: Uint8Array, controlBytes: number): BigUint64Array {
  message ??= new BigUint64Array(new ArrayBuffer(MESSAGE_BYTES));
  const start = ptr(message);
  message[2] = BigInt(start + VECTOR_OFFSET);
  message[3] = 1n;
  message[4] = BigInt(start + CONTROL_OFFSET);
  message[5] = BigInt(controlBytes);
  message[6] = 0n;
  message[7] = BigInt(ptr(bytes));
  message[8] = BigInt(bytes.length);
  return message;
}

/** The words of 32 bits of its control message: its length (two of them), level, type, and the descriptors. */
function controlOf({ buffer }: BigUint64Array): Int32Array {
  return new Int32Array(buffer, CONTROL_OFFSET);
}
