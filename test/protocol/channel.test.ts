import { describe, expect, test } from "bun:test";
import { Channel } from "../../src/protocol/channel.ts";
import type { Socket } from "../../src/protocol/channel.ts";
import { STREAM } from "../../src/protocol/constants.ts";
import { encodeFrame } from "../../src/protocol/frame.ts";
import { bytes, concat } from "./bytes.ts";
import { refusal } from "./refusal.ts";

/** A socket as a value: what was asked of it, in order. It takes `room` bytes until it is given more, and none once it has ended. */
class RecordedSocket implements Socket {
  readonly events: string[] = [];
  written: Uint8Array = new Uint8Array(0);
  room = Number.MAX_SAFE_INTEGER;
  writes = 0;

  write(data: Uint8Array, offset: number, length: number): number {
    this.writes += 1;
    if (this.events.length > 0) {
      return -1;
    }
    const count = Math.min(this.room, length);
    this.room -= count;
    this.written = concat(this.written, data.subarray(offset, offset + count));
    return count;
  }

  end(): void {
    this.events.push("end");
  }

  terminate(): void {
    this.events.push("terminate");
  }

  pause(): void {
    this.events.push("pause");
  }

  resume(): void {
    this.events.push("resume");
  }
}

describe("Channel", () => {
  test.each([
    { name: "stdin", stream: STREAM.stdin, type: "03" },
    { name: "stdout", stream: STREAM.stdout, type: "85" },
    { name: "stderr", stream: STREAM.stderr, type: "86" },
  ])("Channel sends data of $name as one frame", ({ stream, type }) => {
    const socket = new RecordedSocket();
    new Channel(socket).sendData(stream, bytes('"abc"'));
    expect(socket.written).toEqual(bytes(`${type} 00000003 "abc"`));
  });

  test("Channel hands over each frame of a chunk, and keeps a partial one for the next", () => {
    const channel = new Channel(new RecordedSocket());
    const seen: string[] = [];
    channel.receive(bytes("82 00000000 84 00000004 0001"), ({ name }) => seen.push(name));
    expect(seen).toEqual(["ALLOW"]);
    channel.receive(bytes("0000"), ({ name }) => seen.push(name));
    expect(seen).toEqual(["ALLOW", "WANT_INPUT"]);
  });

  test("Channel hands over what comes behind the frame that paused it: pausing is for bytes that are not read yet", () => {
    const socket = new RecordedSocket();
    const channel = new Channel(socket);
    const seen: string[] = [];
    channel.receive(bytes("04 00000000 82 00000000"), ({ name }) => {
      seen.push(name);
      channel.pause();
    });
    channel.resume();
    expect([seen, socket.events]).toEqual([
      ["STDIN_END", "ALLOW"],
      ["pause", "pause", "resume"],
    ]);
  });

  test("Channel knows the number of its socket's descriptor", () => {
    expect(new Channel(Object.assign(new RecordedSocket(), { fd: 7 })).descriptor).toBe(7);
  });

  test("Channel sends what was answered in front of a chunk's bad frame", () => {
    const socket = new RecordedSocket();
    const channel = new Channel(socket);
    const answer = (): void => channel.send(encodeFrame("STDIN_END"));
    expect(refusal(() => channel.receive(bytes("82 00000000 00 00000000"), answer)).code).toBe("unknown_message");
    expect(socket.written).toEqual(encodeFrame("STDIN_END"));
  });

  test("Channel that is ended while it handles a chunk sends the answers to it first", () => {
    const socket = new RecordedSocket();
    const channel = new Channel(socket);
    channel.receive(bytes("82 00000000"), () => {
      channel.send(encodeFrame("STDIN_END"));
      channel.end();
    });
    expect([socket.written, socket.events]).toEqual([encodeFrame("STDIN_END"), ["end"]]);
  });

  test("Channel lets a ProtocolError of the bytes through", () => {
    expect(refusal(() => new Channel(new RecordedSocket()).receive(bytes("00 00000000"), () => undefined)).code).toBe(
      "unknown_message",
    );
  });

  test("Channel ends at once when nothing is pending", () => {
    const socket = new RecordedSocket();
    const channel = new Channel(socket);
    channel.send(encodeFrame("ALLOW"));
    channel.end();
    expect(socket.events).toEqual(["end"]);
  });

  test("Channel ends only after the last byte is with the socket", () => {
    const socket = new RecordedSocket();
    socket.room = 2;
    const channel = new Channel(socket);
    channel.send(encodeFrame("ALLOW"));
    channel.end();
    expect([channel.pendingBytes, socket.events]).toEqual([3, []]);
    socket.room = 1;
    channel.drained();
    expect([channel.pendingBytes, socket.events]).toEqual([2, []]);
    socket.room = 9;
    channel.drained();
    expect([channel.pendingBytes, socket.events]).toEqual([0, ["end"]]);
    expect(socket.written).toEqual(bytes("82 00000000"));
  });

  test("Channel terminates without sending what is pending", () => {
    const socket = new RecordedSocket();
    socket.room = 0;
    const channel = new Channel(socket);
    channel.send(encodeFrame("ALLOW"));
    channel.terminate();
    expect([socket.events, socket.written.length]).toEqual([["terminate"], 0]);
  });
});

describe("Channel that holds a frame", () => {
  const held = encodeFrame("ALLOW");
  const next = encodeFrame("STDIN_END");

  test("Channel.hold keeps it until the next is sent, and both leave in one write", () => {
    const socket = new RecordedSocket();
    const channel = new Channel(socket);
    channel.hold(held);
    expect([socket.writes, channel.pendingBytes]).toEqual([0, 0]);
    channel.send(next);
    expect(socket.written).toEqual(concat(held, next));
    expect(socket.writes).toBe(1);
  });

  test("Channel.hold keeps it for one message only", () => {
    const socket = new RecordedSocket();
    const channel = new Channel(socket);
    channel.hold(held);
    channel.send(next);
    channel.send(next);
    expect(socket.written).toEqual(concat(held, next, next));
  });

  test("Channel.hold puts it in front of data, too", () => {
    const socket = new RecordedSocket();
    const channel = new Channel(socket);
    channel.hold(held);
    channel.sendData(STREAM.stdout, bytes('"a"'));
    expect(socket.written).toEqual(concat(held, bytes('85 00000001 "a"')));
  });

  test("Channel.hold loses nothing of either when the socket takes a part only", () => {
    const socket = new RecordedSocket();
    socket.room = 3;
    const channel = new Channel(socket);
    channel.hold(held);
    channel.send(next);
    channel.end();
    expect([channel.pendingBytes, socket.events]).toEqual([held.length + next.length - 3, []]);
    socket.room = 99;
    channel.drained();
    expect([socket.written, socket.events]).toEqual([concat(held, next), ["end"]]);
  });

  test("Channel.hold leaves the frame that is held, and the one it is joined to, as they are", () => {
    const channel = new Channel(new RecordedSocket());
    const first = held.slice();
    const second = next.slice();
    channel.hold(first);
    channel.send(second);
    expect(first.toHex()).toBe(held.toHex());
    expect(second.toHex()).toBe(next.toHex());
  });
});
