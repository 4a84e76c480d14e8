import { dlopen, libc as first, ptr } from "../src/protocol/libc.ts";
import { TERMINAL } from "../src/protocol/constants.ts";
import type { Window } from "../src/protocol/client-messages.ts";

/** The calls of libc that the client needs for terminals and seekable input. Linux numbers. */

const TIOCGWINSZ = 0x5413;
const TCSADRAIN = 1;
const SEEK_CUR = 1;
const RWF_NOWAIT = 8;
const F_SETPIPE_SZ = 1031;
const TERMIOS_BYTES = 60;
const OUTPUT_FLAGS = 1;

const O_RDONLY = 0;
const ROOM_BYTES = 16 * 1024;

const openRest = () =>
  dlopen("libc.so.6", {
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
    pwritev2: { args: ["i32", "ptr", "i32", "i64", "i32"], returns: "i64" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    dup: { args: ["i32"], returns: "i32" },
    lseek: { args: ["i32", "i64", "i32"], returns: "i64" },
    tcgetpgrp: { args: ["i32"], returns: "i32" },
    getpgrp: { args: [], returns: "i32" },
    tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
    tcsetattr: { args: ["i32", "i32", "ptr"], returns: "i32" },
    cfmakeraw: { args: ["ptr"], returns: "void" },
  }).symbols;

let opened: ReturnType<typeof openRest> | undefined;

function rest(): ReturnType<typeof openRest> {
  opened ??= openRest();
  return opened;
}

/** Which of our streams are terminals, as bits of TERMINAL. */
export function findTerminals(): number {
  const { isatty } = first();
  return (isatty(0) && TERMINAL.stdin) | (isatty(1) && TERMINAL.stdout) | (isatty(2) && TERMINAL.stderr);
}

/** A file of /proc/self, whole: `environ`, `cmdline`. Empty when it cannot be read. */
export function readOwnFile(name: string): Uint8Array {
  const { open, read, close } = first();
  const file = open(ptr(new TextEncoder().encode(`/proc/self/${name}\0`)), O_RDONLY);
  let bytes = new Uint8Array(ROOM_BYTES);
  let length = 0;
  for (;;) {
    const count = Number(read(file, ptr(bytes, length), bytes.length - length));
    if (count <= 0) {
      close(file);
      return bytes.subarray(0, length);
    }
    length += count;
    if (length === bytes.length) {
      const grown = new Uint8Array(2 * length);
      grown.set(bytes);
      bytes = grown;
    }
  }
}

/** The size of the terminal among `terminals`, or 0 by 0. */
export function readWindow(terminals: number): Window {
  const size = new Uint16Array(4);
  const descriptor = [0, 1, 2].find((candidate) => (terminals & (1 << candidate)) !== 0);
  if (descriptor === undefined || rest().ioctl(descriptor, TIOCGWINSZ, ptr(size)) !== 0) {
    return { rows: 0, columns: 0 };
  }
  const [rows = 0, columns = 0] = size;
  return { rows, columns };
}

/** Calls `use` with a second descriptor of the same open file. */
export function withDuplicate<T>(descriptor: number, use: (duplicate: number) => T): T {
  const duplicate = rest().dup(descriptor);
  try {
    return use(duplicate);
  } finally {
    first().close(duplicate);
  }
}

/**
 * Writes what a pipe takes without waiting, whatever the flags of the descriptor say, and returns how many bytes that
 * was. 0 also where it cannot be done so: other files, an older kernel, a reader who is gone.
 */
export function writeNow(descriptor: number, data: Uint8Array): number {
  const vector = new BigUint64Array([BigInt(ptr(data)), BigInt(data.length)]);
  return Math.max(0, Number(rest().pwritev2(descriptor, ptr(vector), 1, -1n, RWF_NOWAIT)));
}

/** Gives a pipe room for so many bytes. Nothing happens where the descriptor is none, or this user's share is used up. */
export function widenPipe(descriptor: number, bytes: number): void {
  rest().fcntl(descriptor, F_SETPIPE_SZ, bytes);
}

/** Moves the offset of stdin back, for those who read it after us. Nothing happens where it cannot be moved. */
export function giveBack(bytes: number): void {
  rest().lseek(0, BigInt(-bytes), SEEK_CUR);
}

/** Whether we may read the terminal on stdin and set it: one in the background is stopped for either. */
export function isInForeground(): boolean {
  return rest().tcgetpgrp(0) === rest().getpgrp();
}

/** The settings (struct termios) of a terminal, or undefined where the descriptor is none. */
export function readSettings(descriptor: number): Uint8Array | undefined {
  const settings = new Uint8Array(TERMIOS_BYTES);
  return rest().tcgetattr(descriptor, ptr(settings)) === 0 ? settings : undefined;
}

export function writeSettings(descriptor: number, settings: Uint8Array): void {
  rest().tcsetattr(descriptor, TCSADRAIN, ptr(settings));
}

/** Every byte as it is typed. `keepsOutput` leaves the treatment of output alone, for others write to the terminal too. */
export function makeRaw(settings: Uint8Array, keepsOutput: boolean): Uint8Array {
  const raw = settings.slice();
  rest().cfmakeraw(ptr(raw));
  if (keepsOutput) {
    const flags = new Uint32Array(settings.buffer)[OUTPUT_FLAGS] ?? 0;
    new Uint32Array(raw.buffer)[OUTPUT_FLAGS] = flags;
  }
  return raw;
}

/** Ends this process without the runtime putting the terminal back as it found it: what a tool changed there stays. */
export function exitNow(status: number): void {
  // oxlint-disable-next-line no-underscore-dangle -- the name that libc gives it
  first()._exit(status);
}
