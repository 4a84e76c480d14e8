import { dlopen, ptr } from "bun:ffi";

/**
 * SCM_RIGHTS through libc, the only way to pass descriptors with Bun, whose own reads drop them. Linux on 64 bits,
 * little-endian: struct msghdr and struct cmsghdr as in <bits/socket.h>.
 */

const MSG_DONTWAIT = 0x40;
const MSG_CTRUNC = 0x08;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const CMSG_HEADER_BYTES = 16;
const CONTROL_BYTES = 64;
const FLAGS_OFFSET = 48;

const open = () =>
  dlopen("libc.so.6", {
    sendmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
    recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
  }).symbols;

let opened: ReturnType<typeof open> | undefined;

/** Whether this process can pass descriptors at all: it cannot where libc has another name or `bun:ffi` is missing. */
export function canPassDescriptors(): boolean {
  try {
    opened ??= open();
    return true;
  } catch {
    return false;
  }
}

/** Sends one byte and, beside it, `descriptors` over the Unix socket `socket`. Returns whether it went. */
export function sendDescriptors(socket: number, descriptors: readonly number[]): boolean {
  opened ??= open();
  const message = new Message();
  const length = CMSG_HEADER_BYTES + 4 * descriptors.length;
  message.control.setBigUint64(0, BigInt(length), true);
  message.control.setInt32(8, SOL_SOCKET, true);
  message.control.setInt32(12, SCM_RIGHTS, true);
  descriptors.forEach((descriptor, index) => message.control.setInt32(CMSG_HEADER_BYTES + 4 * index, descriptor, true));
  message.setControlLength((length + 7) & ~7);
  return Number(opened.sendmsg(socket, ptr(message.header), MSG_NOSIGNAL | MSG_DONTWAIT)) === 1;
}

/**
 * Takes the descriptors that have arrived on `socket`, without waiting. They are the caller's to close.
 * Undefined when there is no message, when it was cut, or when it carries another number of them than `count`; what came is closed then.
 */
export function receiveDescriptors(socket: number, count: number): number[] | undefined {
  opened ??= open();
  const message = new Message();
  message.setControlLength(CONTROL_BYTES);
  const received = Number(opened.recvmsg(socket, ptr(message.header), MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (received <= 0 || message.controlLength() < CMSG_HEADER_BYTES) {
    return undefined;
  }
  const isRights =
    message.control.getInt32(8, true) === SOL_SOCKET && message.control.getInt32(12, true) === SCM_RIGHTS;
  const length = isRights ? Math.min(Number(message.control.getBigUint64(0, true)), CONTROL_BYTES) : 0;
  const descriptors: number[] = [];
  for (let offset = CMSG_HEADER_BYTES; offset + 4 <= length; offset += 4) {
    descriptors.push(message.control.getInt32(offset, true));
  }
  if (descriptors.length !== count || (message.flags() & MSG_CTRUNC) !== 0) {
    closeDescriptors(descriptors);
    return undefined;
  }
  return descriptors;
}

export function closeDescriptors(descriptors: readonly number[]): void {
  opened ??= open();
  for (const descriptor of descriptors) {
    opened.close(descriptor);
  }
}

/** struct msghdr with one byte of data and room for control data. Its arrays are kept as fields so that the pointers stay valid. */
class Message {
  readonly header = new BigUint64Array(7);
  readonly #data = new Uint8Array(1);
  readonly #vector = new BigUint64Array(2);
  readonly #controlBytes = new Uint8Array(CONTROL_BYTES);
  readonly control = new DataView(this.#controlBytes.buffer);

  constructor() {
    this.#vector[0] = BigInt(ptr(this.#data));
    this.#vector[1] = 1n;
    this.header[2] = BigInt(ptr(this.#vector));
    this.header[3] = 1n;
    this.header[4] = BigInt(ptr(this.#controlBytes));
  }

  setControlLength(bytes: number): void {
    this.header[5] = BigInt(bytes);
  }

  controlLength(): number {
    return Number(this.header[5]);
  }

  flags(): number {
    return new DataView(this.header.buffer).getInt32(FLAGS_OFFSET, true);
  }
}
