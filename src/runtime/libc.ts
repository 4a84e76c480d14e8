import { dlopen, ptr } from "bun:ffi";
import { closeSync, openSync } from "node:fs";

/** The calls of libc that Bun does not offer, for the plugin: pipes, pseudo-terminals, peers, orphans. Linux numbers. */

const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const F_SETPIPE_SZ = 1031;
const O_RDWR = 0o2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const FIONREAD = 0x541b;
const TCFLSH = 0x540b;
const TCIFLUSH = 0;
const TIOCSWINSZ = 0x5414;
const TIOCSPTLCK = 0x4004_5431;
const TIOCGPTPEER = 0x5441;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SHUT_RD = 0;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
const LOCK_EX_NB = 2 | 4;
const TCSANOW = 0;
const TERMIOS_BYTES = 60;
const POLLIN = 1;
const NANOSECONDS_PER_MICROSECOND = 1000n;

const { symbols: libc } = dlopen("libc.so.6", {
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
  tcsetattr: { args: ["i32", "i32", "ptr"], returns: "i32" },
});

export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A real pipe (Bun's own is a socketpair, on which /dev/stderr cannot be opened), close-on-exec at both ends. */
export function openPipe(capacityBytes: number): { read: number; write: number } {
  const ends = new Int32Array(2);
  if (libc.pipe2(ptr(ends), O_CLOEXEC) !== 0) {
    throw new Error("Cannot make a pipe: too many open files");
  }
  const [read = -1, write = -1] = ends;
  // A user over the system's limit for large pipes keeps the default size.
  libc.fcntl(write, F_SETPIPE_SZ, capacityBytes);
  return { read, write };
}

/** A pseudo-terminal: what the plugin keeps (`master`) and what the tool gets (`slave`). */
export function openTerminal(): { master: number; slave: number } {
  const master = openSync("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  libc.ioctl(master, TIOCSPTLCK, ptr(new Int32Array(1)));
  const slave = libc.ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) {
    closeSync(master);
    throw new Error("Cannot make a terminal: the system has none left");
  }
  return { master, slave };
}

/** In character cells, each 0–65535; the kernel sends SIGWINCH to the terminal's foreground group. */
export function resizeTerminal(terminal: number, rows: number, columns: number): void {
  libc.ioctl(terminal, TIOCSWINSZ, ptr(Uint16Array.of(rows, columns, 0, 0)));
}

/** The settings (struct termios) of a terminal, or undefined where the descriptor is none. */
export function readTerminalSettings(descriptor: number): Uint8Array | undefined {
  const settings = new Uint8Array(TERMIOS_BYTES);
  return libc.tcgetattr(descriptor, ptr(settings)) === 0 ? settings : undefined;
}

export function writeTerminalSettings(descriptor: number, settings: Uint8Array): void {
  libc.tcsetattr(descriptor, TCSANOW, ptr(settings));
}

/** Throws away what was typed into a terminal and not read yet. */
export function discardInput(terminal: number): void {
  libc.ioctl(terminal, TCFLSH, TCIFLUSH);
}

/** Whether a descriptor only names a file (O_PATH): nothing can be read from it or written to it. */
export function isPathOnly(descriptor: number): boolean {
  return (libc.fcntl(descriptor, F_GETFL, 0) & O_PATH) !== 0;
}

/** A second descriptor of the same open file. */
export function duplicate(descriptor: number): number {
  return libc.fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
}

export function setNonBlocking(descriptor: number): void {
  libc.fcntl(descriptor, F_SETFL, O_NONBLOCK);
}

/** Bytes that can be read at once from a pipe. */
export function bytesWaiting(descriptor: number): number {
  const count = new Int32Array(1);
  return libc.ioctl(descriptor, FIONREAD, ptr(count)) === 0 ? (count[0] ?? 0) : 0;
}

/** Blocks, the whole process, until `descriptor` can be read or `microseconds` are over. */
export function waitReadable(descriptor: number, microseconds: number): void {
  const entry = new DataView(new ArrayBuffer(8));
  entry.setInt32(0, descriptor, true);
  entry.setInt16(4, POLLIN, true);
  const timeout = BigInt64Array.of(0n, BigInt(microseconds) * NANOSECONDS_PER_MICROSECOND);
  libc.ppoll(ptr(entry), 1n, ptr(timeout), null);
}

/** Who connected, as the kernel recorded it at connect(). */
export function peerOf(socket: number): Peer {
  const credentials = new Int32Array(3);
  if (
    libc.getsockopt(socket, SOL_SOCKET, SO_PEERCRED, ptr(credentials), ptr(Uint32Array.of(credentials.byteLength))) !==
    0
  ) {
    throw new Error("Cannot read the peer of a connection");
  }
  const [pid = 0, uid = -1, gid = -1] = credentials;
  return { pid, uid, gid };
}

/** Lets a listening socket take no new connections; those in its queue can still be accepted. */
export function refuseNew(listener: number): void {
  libc.shutdown(listener, SHUT_RD);
}

/** From now on, what a tool leaves behind becomes a child of this process and can be found and ended. */
export function adoptOrphans(): void {
  libc.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n);
}

/** Collects an adopted child that has ended, so that no zombie stays. Not for children of Bun.spawn. */
export function reap(pid: number): void {
  libc.waitpid(pid, null, WNOHANG);
}

/** Takes an exclusive lock on an open file or folder without waiting; it ends with the descriptor. */
export function lock(descriptor: number): boolean {
  return libc.flock(descriptor, LOCK_EX_NB) === 0;
}
