import { dlopen, ptr } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Channel } from "../../src/protocol/channel.ts";
import { closeDescriptors, connectWith, receiveFirst } from "../../src/protocol/descriptors.ts";
import type { First } from "../../src/protocol/descriptors.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { bytes, concat } from "./bytes.ts";

const libc = dlopen("libc.so.6", {
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  sendmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  setfsuid: { args: ["u32"], returns: "i32" },
}).symbols;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const NOBODY = 65_534;

const hello = bytes('01 00000008 "CCPS" 0001 0001');
const room = new Uint8Array(64 * 1024);

/** A listener as the plugin's: it does not read a connection before it has taken the first bytes itself. */
class Listener implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "cc-fd-"));
  readonly path = join(this.folder, "s");
  #accepted = Promise.withResolvers<Bun.Socket>();
  /** What Bun has read of all connections. */
  read: Uint8Array = new Uint8Array(0);
  readonly #listener = Bun.listen({
    unix: this.path,
    socket: {
      open: (socket) => {
        socket.pause();
        this.#accepted.resolve(socket);
      },
      data: (_socket, chunk) => {
        this.read = concat(this.read, chunk);
      },
    },
  });

  /** The one connection that is under way. */
  async accept(): Promise<Bun.Socket> {
    const socket = await this.#accepted.promise;
    this.#accepted = Promise.withResolvers();
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.stop(true);
    rmSync(this.folder, { recursive: true });
  }
}

/** A client that has connected and sent, and the plugin's end of its connection. */
interface Pair {
  readonly client: number;
  readonly sentBytes: number;
  readonly socket: Bun.Socket;
  /** The number of `socket`. */
  readonly plugin: number;
}

async function connectTo(listener: Listener, data: Uint8Array, descriptors: readonly number[]): Promise<Pair> {
  const sent = connectWith(listener.path, data, descriptors);
  if (sent?.socket === undefined) {
    throw new Error(`Cannot connect: ${sent?.code ?? "the descriptors could not be sent"}`);
  }
  const socket = await listener.accept();
  return { client: sent.socket, sentBytes: sent.sentBytes, socket, plugin: descriptorOf(socket) };
}

function descriptorOf(socket: Bun.Socket): number {
  return (socket as Bun.Socket & { fd: number }).fd;
}

/** The bytes and descriptors that have come; anything else is the test's failure. */
function arrived(descriptor: number, into: Uint8Array = room): Extract<First, { kind: "bytes" }> {
  const first = receiveFirst(descriptor, into);
  if (first.kind !== "bytes") {
    throw new Error(`Cannot find bytes: found ${first.kind}`);
  }
  return first;
}

function pipe(): [read: number, write: number] {
  const ends = new Int32Array(2);
  expect(libc.pipe2(ptr(ends), O_CLOEXEC)).toBe(0);
  return [ends[0] ?? -1, ends[1] ?? -1];
}

function read(descriptor: number): string {
  const buffer = Buffer.alloc(100);
  return buffer.subarray(0, readSync(descriptor, buffer)).toString();
}

/** What the kernel says of an open file, close-on-exec included. */
function flagsOf(descriptor: number): number {
  const line = /^flags:\s+(?<octal>\d+)$/mu.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"));
  return Number.parseInt(line?.groups?.["octal"] ?? "0", 8);
}

const openDescriptors = (): number => readdirSync("/proc/self/fd").length;

describe("connectWith and receiveFirst", () => {
  test("the bytes arrive, and a pipe, a file and a device beside them, in their order, and they work", async () => {
    await using listener = new Listener();
    writeFileSync(join(listener.folder, "file"), "of the file");
    const [readEnd, writeEnd] = pipe();
    const file = openSync(join(listener.folder, "file"), "r");
    const device = openSync("/dev/null", "w");
    const { client, plugin, sentBytes } = await connectTo(listener, hello, [readEnd, file, device]);
    closeDescriptors([readEnd, file, device]);
    const { bytes: found, descriptors } = arrived(plugin);
    expect([found, sentBytes]).toEqual([hello, hello.length]);
    writeSync(writeEnd, "through the pipe");
    expect(descriptors).toHaveLength(3);
    expect([read(descriptors[0] ?? -1), read(descriptors[1] ?? -1)]).toEqual(["through the pipe", "of the file"]);
    expect(fstatSync(descriptors[2] ?? -1).isCharacterDevice()).toBe(true);
    closeDescriptors([...descriptors, writeEnd, client]);
  });

  test("a file that was passed shares its offset with the client's", async () => {
    await using listener = new Listener();
    writeFileSync(join(listener.folder, "file"), "onetwo");
    const file = openSync(join(listener.folder, "file"), "r");
    const { client, plugin } = await connectTo(listener, hello, [file]);
    const [received = -1] = arrived(plugin).descriptors;
    readSync(received, Buffer.alloc(3));
    expect(read(file)).toBe("two");
    closeDescriptors([received, file, client]);
  });

  test("a reader sees the end of input when the last writer has closed: no copy is left open", async () => {
    await using listener = new Listener();
    const [readEnd, writeEnd] = pipe();
    const { client, plugin } = await connectTo(listener, hello, [writeEnd]);
    closeSync(writeEnd);
    closeDescriptors(arrived(plugin).descriptors);
    expect(read(readEnd)).toBe("");
    closeDescriptors([readEnd, client]);
  });

  test("what was received is closed on exec, so that no tool inherits another's streams", async () => {
    await using listener = new Listener();
    const { client, plugin } = await connectTo(listener, hello, [0]);
    const [received = -1] = arrived(plugin).descriptors;
    expect(flagsOf(received) & O_CLOEXEC).toBe(O_CLOEXEC);
    closeDescriptors([received, client]);
  });

  test("the client's socket is closed on exec and does not block", async () => {
    await using listener = new Listener();
    const { client } = await connectTo(listener, hello, [0]);
    expect(flagsOf(client) & (O_CLOEXEC | O_NONBLOCK)).toBe(O_CLOEXEC | O_NONBLOCK);
    closeSync(client);
  });

  test.each([1, 2, 3, 4, 10])("%d descriptors arrive as so many: to judge them is the caller's", async (count) => {
    await using listener = new Listener();
    const before = openDescriptors();
    const all = Array.from({ length: count }, () => 0);
    const { client, plugin } = await connectTo(listener, hello, all);
    const { descriptors } = arrived(plugin);
    expect(new Set(descriptors).size).toBe(count);
    closeDescriptors([...descriptors, client]);
    expect(openDescriptors()).toBe(before + 1);
  });

  test.each([11, 20, 100, 253])(
    "of %d descriptors, which the kernel cuts, none is taken and none stays open; the bytes are",
    async (count) => {
      await using listener = new Listener();
      const connection = await Bun.connect({ unix: listener.path, socket: { data() {} } });
      const plugin = descriptorOf(await listener.accept());
      const before = openDescriptors();
      expect(sendMany(descriptorOf(connection), hello, count)).toBe(hello.length);
      expect(arrived(plugin)).toEqual({ kind: "bytes", bytes: hello, descriptors: [] });
      expect(openDescriptors()).toBe(before);
      connection.terminate();
    },
  );

  test("connectWith does not begin with more descriptors than it has room for", async () => {
    await using listener = new Listener();
    const before = openDescriptors();
    const eleven = Array.from({ length: 11 }, () => 0);
    expect(() => connectWith(listener.path, hello, eleven)).toThrow(RangeError);
    expect(openDescriptors()).toBe(before);
  });

  test("bytes without descriptors have none beside them", async () => {
    await using listener = new Listener();
    const plain = await Bun.connect({ unix: listener.path, socket: { data() {} } });
    const plugin = descriptorOf(await listener.accept());
    plain.write(hello);
    expect(arrived(plugin)).toEqual({ kind: "bytes", bytes: hello, descriptors: [] });
    plain.terminate();
    const none = await connectTo(listener, hello, []);
    expect(arrived(none.plugin).descriptors).toEqual([]);
    closeSync(none.client);
  });

  test("receiveFirst tells nothing yet from the end, and the last bytes from both", async () => {
    await using listener = new Listener();
    const silent = await Bun.connect({ unix: listener.path, socket: { data() {} } });
    const plugin = descriptorOf(await listener.accept());
    expect(receiveFirst(plugin, room)).toEqual({ kind: "nothing" });
    silent.write(hello);
    silent.terminate();
    expect(arrived(plugin).bytes).toEqual(hello);
    expect(receiveFirst(plugin, room)).toEqual({ kind: "end" });
  });

  test("receiveFirst takes what its room holds, as a copy, and leaves the rest", async () => {
    await using listener = new Listener();
    const { client, plugin } = await connectTo(listener, hello, [0]);
    const small = new Uint8Array(4);
    const { bytes: found, descriptors } = arrived(plugin, small);
    small.fill(0xff);
    expect([found, descriptors.length]).toEqual([hello.subarray(0, 4), 1]);
    expect(arrived(plugin)).toEqual({ kind: "bytes", bytes: hello.subarray(4), descriptors: [] });
    closeDescriptors([...descriptors, client]);
  });

  test("descriptors beside later bytes do not get in: the reads of Bun drop them", async () => {
    await using listener = new Listener();
    const { client, plugin, socket } = await connectTo(listener, hello, [0]);
    closeDescriptors(arrived(plugin).descriptors);
    const before = openDescriptors();
    expect(sendMany(client, bytes('"later"'), 3)).toBe(5);
    socket.resume();
    await waitFor("the later bytes", () => listener.read.length === 5);
    expect([listener.read, openDescriptors()]).toEqual([bytes('"later"'), before]);
    closeSync(client);
  });

  test("an opening of 1 MiB goes in part, with the descriptors, and the rest goes on over the same connection", async () => {
    await using listener = new Listener();
    const opening = Uint8Array.from({ length: 1024 * 1024 }, (_, index) => index % 251);
    const { client, plugin, socket, sentBytes } = await connectTo(listener, opening, [0, 1, 2]);
    expect(sentBytes).toBeGreaterThan(0);
    expect(sentBytes).toBeLessThan(opening.length);
    const { bytes: found, descriptors } = arrived(plugin);
    expect(descriptors).toHaveLength(3);
    closeDescriptors(descriptors);
    let channel: Channel | undefined;
    const handler = { data() {}, drain: () => channel?.drained() };
    const connection = await Bun.connect({ fd: client, socket: handler } as object as Bun.UnixSocketOptions<undefined>);
    channel = new Channel(connection);
    channel.send(opening.subarray(sentBytes));
    socket.resume();
    await waitFor("all of it", () => found.length + listener.read.length === opening.length);
    expect(concat(found, listener.read).toHex()).toBe(opening.toHex());
    connection.terminate();
  });
});

describe("connectWith that cannot connect", () => {
  test.each([
    { name: "nothing is there", code: "ENOENT", place: (path: string) => rmSync(path) },
    {
      name: "nobody listens",
      code: "ECONNREFUSED",
      place: (path: string) => {
        rmSync(path);
        writeFileSync(path, "");
      },
    },
    {
      name: "the system has another reason",
      code: "errno 40",
      place: (path: string) => {
        rmSync(path);
        symlinkSync(path, path);
      },
    },
  ])("connectWith says $code where $name, and leaves nothing open", async ({ code, place }) => {
    await using listener = new Listener();
    place(listener.path);
    const before = openDescriptors();
    expect(connectWith(listener.path, hello, [0, 1, 2])).toEqual({ socket: undefined, code });
    expect(openDescriptors()).toBe(before);
  });

  test("connectWith says ECONNREFUSED of the socket of a process that was killed", async () => {
    await using listener = new Listener();
    const path = join(listener.folder, "dead");
    const script = "const unix = process.argv[1]; Bun.listen({ unix, socket: { data() {} } }); console.log('ready');";
    const child = Bun.spawn([process.execPath, "-e", script, path], { stdout: "pipe" });
    await child.stdout.getReader().read();
    child.kill("SIGKILL");
    await child.exited;
    expect(connectWith(path, hello, [0, 1, 2])).toEqual({ socket: undefined, code: "ECONNREFUSED" });
  });

  test("connectWith says EACCES where the socket's mode does not let the user in", async () => {
    await using listener = new Listener();
    chmodSync(listener.path, 0);
    const before = openDescriptors();
    // The superuser is let in everywhere, but not while it is somebody else to the file system.
    const own = libc.setfsuid(NOBODY);
    try {
      expect(connectWith(listener.path, hello, [0, 1, 2])).toEqual({ socket: undefined, code: "EACCES" });
    } finally {
      libc.setfsuid(own);
    }
    expect(openDescriptors()).toBe(before);
  });

  test("connectWith gives up on descriptors that cannot be sent, for a connection without them is still to be had", async () => {
    await using listener = new Listener();
    const [readEnd, writeEnd] = pipe();
    closeDescriptors([readEnd, writeEnd]);
    const before = openDescriptors();
    expect(connectWith(listener.path, hello, [0, 1, writeEnd])).toBeUndefined();
    expect(openDescriptors()).toBe(before);
    const plugin = descriptorOf(await listener.accept());
    expect(receiveFirst(plugin, room)).toEqual({ kind: "end" });
  });
});

test("connectWith and receiveFirst leave nothing open after 300 conversations", async () => {
  await using listener = new Listener();
  const before = openDescriptors();
  for (let round = 0; round < 300; round += 1) {
    const { client, plugin, socket } = await connectTo(listener, hello, [0, 1, 2]);
    const { descriptors } = arrived(plugin);
    expect(descriptors).toHaveLength(3);
    closeDescriptors([...descriptors, client]);
    socket.terminate();
    connectWith(`${listener.path}-missing`, hello, [0, 1, 2]);
  }
  expect(openDescriptors()).toBe(before);
});

/** `data` with `count` copies of stdin beside it, in a control buffer of its own size. Returns what sendmsg did. */
function sendMany(socket: number, data: Uint8Array, count: number): number {
  const control = new DataView(new ArrayBuffer((16 + 4 * count + 7) & ~7));
  control.setBigUint64(0, BigInt(16 + 4 * count), true);
  control.setInt32(8, 1, true);
  control.setInt32(12, 1, true);
  const vector = BigUint64Array.of(BigInt(ptr(data)), BigInt(data.length));
  const header = BigUint64Array.of(
    0n,
    0n,
    BigInt(ptr(vector)),
    1n,
    BigInt(ptr(control)),
    BigInt(control.byteLength),
    0n,
  );
  const sent = Number(libc.sendmsg(socket, ptr(header), 0));
  expect([vector.length, control.byteLength > 0]).toEqual([2, true]);
  return sent;
}
