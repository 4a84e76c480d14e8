import { dlopen, ptr } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  canPassDescriptors,
  closeDescriptors,
  receiveDescriptors,
  sendDescriptors,
} from "../../src/protocol/descriptors.ts";

const libc = dlopen("libc.so.6", {
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  sendmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
}).symbols;
const O_CLOEXEC = 0o2000000;

/** Two ends of a connection over a Unix socket; the receiver does not read by itself, as the plugin does not after ATTACH. */
async function connection(): Promise<
  { sender: number; receiver: number; folder: string; closeReceiver(): void } & AsyncDisposable
> {
  const folder = mkdtempSync(join(tmpdir(), "cc-fd-"));
  const accepted = Promise.withResolvers<Bun.Socket>();
  const listener = Bun.listen({
    unix: join(folder, "s"),
    socket: {
      open(socket) {
        socket.pause();
        accepted.resolve(socket);
      },
      data() {},
    },
  });
  const sender = await Bun.connect({ unix: join(folder, "s"), socket: { data() {} } });
  const receiver = await accepted.promise;
  return {
    sender: descriptorOf(sender),
    receiver: descriptorOf(receiver),
    folder,
    closeReceiver: () => receiver.terminate(),
    async [Symbol.asyncDispose]() {
      sender.terminate();
      receiver.terminate();
      listener.stop(true);
      rmSync(folder, { recursive: true });
    },
  };
}

function descriptorOf(socket: Bun.Socket): number {
  return (socket as Bun.Socket & { fd: number }).fd;
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

const openDescriptors = (): number => readdirSync("/proc/self/fd").length;

test("canPassDescriptors says yes where libc is", () => {
  expect(canPassDescriptors()).toBe(true);
});

describe("sendDescriptors and receiveDescriptors", () => {
  test("receiveDescriptors takes a pipe, a file and a device, in their order, and they work", async () => {
    await using pair = await connection();
    writeFileSync(join(pair.folder, "file"), "of the file");
    const [readEnd, writeEnd] = pipe();
    const file = openSync(join(pair.folder, "file"), "r");
    const device = openSync("/dev/null", "w");
    expect(sendDescriptors(pair.sender, [readEnd, file, device])).toBe(true);
    const received = receiveDescriptors(pair.receiver, 3) ?? [];
    closeDescriptors([readEnd, file, device]);
    writeSync(writeEnd, "through the pipe");
    expect(received).toHaveLength(3);
    expect([read(received[0] ?? -1), read(received[1] ?? -1)]).toEqual(["through the pipe", "of the file"]);
    expect(fstatSync(received[2] ?? -1).isCharacterDevice()).toBe(true);
    closeDescriptors([...received, writeEnd]);
  });

  test("receiveDescriptors shares the offset of a file with its sender", async () => {
    await using pair = await connection();
    writeFileSync(join(pair.folder, "file"), "onetwo");
    const file = openSync(join(pair.folder, "file"), "r");
    sendDescriptors(pair.sender, [file]);
    const [received = -1] = receiveDescriptors(pair.receiver, 1) ?? [];
    readSync(received, Buffer.alloc(3));
    expect(read(file)).toBe("two");
    closeDescriptors([received, file]);
  });

  test("receiveDescriptors sees the end of input when the last writer has closed: no copy is left open", async () => {
    await using pair = await connection();
    const [readEnd, writeEnd] = pipe();
    sendDescriptors(pair.sender, [writeEnd]);
    closeSync(writeEnd);
    closeDescriptors(receiveDescriptors(pair.receiver, 1) ?? []);
    expect(read(readEnd)).toBe("");
    closeSync(readEnd);
  });

  test("receiveDescriptors closes them on exec, so that no tool inherits another's streams", async () => {
    await using pair = await connection();
    sendDescriptors(pair.sender, [pair.sender]);
    const [received = -1] = receiveDescriptors(pair.receiver, 1) ?? [];
    const flags = /^flags:\s+(?<octal>\d+)$/mu.exec(readFileSync(`/proc/self/fdinfo/${received}`, "utf8"))?.groups?.[
      "octal"
    ];
    expect(Number.parseInt(flags ?? "0", 8) & O_CLOEXEC).toBe(O_CLOEXEC);
    closeDescriptors([received]);
  });

  test.each([
    { name: "one", sent: 1 },
    { name: "two", sent: 2 },
    { name: "four", sent: 4 },
    { name: "twelve", sent: 12 },
  ])("receiveDescriptors refuses $name where three are due, and closes them", async ({ sent }) => {
    await using pair = await connection();
    const before = openDescriptors();
    expect(
      sendDescriptors(
        pair.sender,
        Array.from({ length: sent }, () => pair.sender),
      ),
    ).toBe(true);
    expect(receiveDescriptors(pair.receiver, 3)).toBeUndefined();
    expect(openDescriptors()).toBe(before);
  });

  test.each([13, 20, 100])(
    "receiveDescriptors refuses a message of %d descriptors, which the kernel cuts, and closes them",
    async (count) => {
      await using pair = await connection();
      const before = openDescriptors();
      expect(sendMany(pair.sender, count)).toBe(1);
      expect(receiveDescriptors(pair.receiver, 3)).toBeUndefined();
      expect(receiveDescriptors(pair.receiver, 12)).toBeUndefined();
      expect(openDescriptors()).toBe(before);
    },
  );

  test("receiveDescriptors does not take twelve of thirteen for twelve", async () => {
    await using pair = await connection();
    const before = openDescriptors();
    expect(sendMany(pair.sender, 13)).toBe(1);
    expect(receiveDescriptors(pair.receiver, 12)).toBeUndefined();
    expect(openDescriptors()).toBe(before);
  });

  test("receiveDescriptors returns at once when there is no message", async () => {
    await using pair = await connection();
    expect(receiveDescriptors(pair.receiver, 3)).toBeUndefined();
  });

  test("receiveDescriptors refuses a byte without descriptors", async () => {
    await using pair = await connection();
    expect(writeSync(pair.sender, "\0")).toBe(1);
    expect(receiveDescriptors(pair.receiver, 3)).toBeUndefined();
  });

  test("receiveDescriptors refuses the end of the connection", async () => {
    await using pair = await connection();
    await using other = await connection();
    other.closeReceiver();
    expect(receiveDescriptors(other.sender, 3)).toBeUndefined();
    expect(receiveDescriptors(pair.receiver, 3)).toBeUndefined();
  });

  test("sendDescriptors says no when the other side is gone", async () => {
    await using pair = await connection();
    pair.closeReceiver();
    expect(sendDescriptors(pair.sender, [pair.sender])).toBe(false);
  });

  test("sendDescriptors says no for a descriptor that is closed", async () => {
    await using pair = await connection();
    const [readEnd, writeEnd] = pipe();
    closeDescriptors([readEnd, writeEnd]);
    expect(sendDescriptors(pair.sender, [0, 1, writeEnd])).toBe(false);
    expect(receiveDescriptors(pair.receiver, 3)).toBeUndefined();
  });

  test("sendDescriptors and receiveDescriptors leave nothing open after 1,000 messages", async () => {
    await using pair = await connection();
    const before = openDescriptors();
    for (let round = 0; round < 1_000; round += 1) {
      expect(sendDescriptors(pair.sender, [0, 1, 2])).toBe(true);
      const received = receiveDescriptors(pair.receiver, round % 2 === 0 ? 3 : 2);
      closeDescriptors(received ?? []);
    }
    expect(openDescriptors()).toBe(before);
  });
});

/** One byte with `count` copies of the descriptor beside it, in a control buffer of its own size. Returns what sendmsg did. */
function sendMany(socket: number, count: number): number {
  const control = new DataView(new ArrayBuffer((16 + 4 * count + 7) & ~7));
  control.setBigUint64(0, BigInt(16 + 4 * count), true);
  control.setInt32(8, 1, true);
  control.setInt32(12, 1, true);
  for (let index = 0; index < count; index += 1) {
    control.setInt32(16 + 4 * index, socket, true);
  }
  const data = new Uint8Array(1);
  const vector = BigUint64Array.of(BigInt(ptr(data)), 1n);
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
  expect([data.length, vector.length, control.byteLength > 0]).toEqual([1, 2, true]);
  return sent;
}
