import { dlopen, ptr, read } from "bun:ffi";

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
const FLAGS_OFFSET = 48;
/** Names of errors for which a caller has a use; errno(3). */
const ERRORS: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  11: "EAGAIN",
  13: "EACCES",
  111: "ECONNREFUSED",
};

const openSender = () =>
  dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    sendmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
    sched_yield: { args: [], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
    __errno_location: { args: [], returns: "ptr" },
  }).symbols;

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

let sender: ReturnType<typeof openSender> | undefined;
let receiver: ReturnType<typeof openReceiver> | undefined;

/**
 * Connects to the Unix socket `path` and sends `bytes` with `descriptors` beside the first of them. What the socket does
 * not take at once is the caller's to send on. Undefined when a connection is to be had, but not with descriptors.
 *
 * @throws {Error} where libc cannot be called; then descriptors cannot be passed at all
 */
export function connectWith(path: string, bytes: Uint8Array, descriptors: readonly number[]): Sent | undefined {
  sender ??= openSender();
  const address = new Uint8Array(ADDRESS_BYTES);
  address[0] = AF_UNIX;
  // One byte is left for the terminator; a path that was cut would be somebody else's.
  const { read: taken } = new TextEncoder().encodeInto(path, address.subarray(2, ADDRESS_BYTES - 1));
  if (taken < path.length) {
    return { socket: undefined, code: "ENAMETOOLONG" };
  }
  const message = new Message(bytes);
  message.hold(descriptors);
  const header = ptr(message.header);
  const socket = sender.socket(AF_UNIX, SOCK_STREAM_CLOEXEC_NONBLOCK, 0);
  if (sender.connect(socket, ptr(address), ADDRESS_BYTES) !== 0) {
    // oxlint-disable-next-line no-underscore-dangle -- the name that libc gives it
    const location = sender.__errno_location();
    const code = location === null ? 0 : read.i32(location);
    sender.close(socket);
    return { socket: undefined, code: ERRORS[code] ?? `errno ${code}` };
  }
  const sentBytes = Number(sender.sendmsg(socket, header, MSG_NOSIGNAL));
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
  const message = new Message(room);
  message.expect();
  const count = Number(receiver.recvmsg(socket, ptr(message.header), MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (count <= 0) {
    return { kind: count === 0 ? "end" : "nothing" };
  }
  const descriptors = message.held();
  if (message.isCut()) {
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

/** struct msghdr with one buffer and one control message. The arrays are fields so that what they point to stays. */
class Message {
  readonly header = new BigUint64Array(7);
  readonly #vector = new BigUint64Array(2);
  readonly #control = new DataView(new ArrayBuffer(CONTROL_BYTES));

  constructor(bytes: Uint8Array) {
    this.#vector[0] = BigInt(ptr(bytes));
    this.#vector[1] = BigInt(bytes.length);
    this.header[2] = BigInt(ptr(this.#vector));
    this.header[3] = 1n;
  }

  /** Descriptors to send. */
  hold(descriptors: readonly number[]): void {
    const length = CMSG_HEADER_BYTES + 4 * descriptors.length;
    this.#control.setBigUint64(0, BigInt(length), true);
    this.#control.setInt32(8, SOL_SOCKET, true);
    this.#control.setInt32(12, SCM_RIGHTS, true);
    let offset = CMSG_HEADER_BYTES;
    for (const descriptor of descriptors) {
      this.#control.setInt32(offset, descriptor, true);
      offset += 4;
    }
    this.#setControl((length + 7) & ~7);
  }

  /** Room for what is received. */
  expect(): void {
    this.#setControl(CONTROL_BYTES);
  }

  /** The descriptors that were received. */
  held(): number[] {
    const isRights = this.#control.getInt32(8, true) === SOL_SOCKET && this.#control.getInt32(12, true) === SCM_RIGHTS;
    if (Number(this.header[5]) < CMSG_HEADER_BYTES || !isRights) {
      return [];
    }
    const length = Math.min(Number(this.#control.getBigUint64(0, true)), CONTROL_BYTES);
    return Array.from({ length: (length - CMSG_HEADER_BYTES) / 4 }, (_, index) =>
      this.#control.getInt32(CMSG_HEADER_BYTES + 4 * index, true),
    );
  }

  /** Whether there were more descriptors than room. */
  isCut(): boolean {
    return (new DataView(this.header.buffer).getInt32(FLAGS_OFFSET, true) & MSG_CTRUNC) !== 0;
  }

  #setControl(length: number): void {
    this.header[4] = BigInt(ptr(this.#control));
    this.header[5] = BigInt(length);
  }
}
