import type * as ffi from "bun:ffi";
import type { Pointer } from "bun:ffi";

/**
 * The native half of `bun:ffi`. To read and run the JavaScript around it costs each start of the client about a
 * millisecond, and it does what we do ourselves: pointers are numbers of `ptr` here, never arrays. It is not in Bun's
 * types; the Bun that compiles us is pinned.
 */
type Native = Pick<typeof ffi, "dlopen" | "ptr" | "read">;

const native: Native = (Bun as unknown as { FFI: Native }).FFI;

export const dlopen: Native["dlopen"] = native.dlopen;
export const ptr: Native["ptr"] = native.ptr;
export const read: Native["read"] = native.read;

/** Everything of libc that a call needs before its opening is sent. */
export interface FirstCalls {
  readonly isatty: (descriptor: number) => number;
  readonly open: (path: Pointer, flags: number) => number;
  readonly read: (descriptor: number, room: Pointer, bytes: number) => number | bigint;
  readonly close: (descriptor: number) => number;
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly connect: (socket: number, address: Pointer, bytes: number) => number;
  readonly sendmsg: (socket: number, message: Pointer, flags: number) => number | bigint;
  readonly poll: (descriptors: Pointer, count: number, timeoutMs: number) => number;
  readonly sched_yield: () => number;
  readonly __errno_location: () => Pointer | bigint | null;
  readonly _exit: (status: number) => void;
}

let first: FirstCalls | undefined;

/**
 * They are opened together, for each dlopen costs more than its symbols.
 *
 * @throws {Error} where libc cannot be called
 */
export function libc(): FirstCalls {
  first ??= dlopen("libc.so.6", {
    isatty: { args: ["i32"], returns: "i32" },
    open: { args: ["ptr", "i32"], returns: "i32" },
    read: { args: ["i32", "ptr", "u64"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    sendmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
    sched_yield: { args: [], returns: "i32" },
    __errno_location: { args: [], returns: "ptr" },
    _exit: { args: ["i32"], returns: "void" },
  }).symbols;
  return first;
}
