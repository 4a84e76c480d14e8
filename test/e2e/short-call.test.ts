import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

import { FEATURE, PROTOCOL_VERSION } from "../../src/protocol/constants.ts";
import { joinFrames } from "../../src/protocol/frame.ts";
import { encodeDeny, encodeExit, encodeWelcome } from "../../src/protocol/plugin-messages.ts";
import { CLIENT } from "../helpers/executables.ts";

setDefaultTimeout(60_000);

const WELCOME = encodeWelcome({ version: PROTOCOL_VERSION, features: FEATURE.descriptors });
const EXIT = encodeExit({ ending: { code: 7 }, stdinBytes: 0 });
const BOTH = joinFrames(WELCOME, EXIT);

/** Longer than a call may take to be a short one. */
const LATE_MS = 120;

/** What the client makes of a plugin that says these pieces, each a moment after the one before, and then hangs up. */
async function callOf(pieces: readonly Uint8Array[], pauseMs = 1): Promise<{ status: number; stderr: string }> {
  const folder = await mkdtemp(`${tmpdir()}/sc-`);
  let isAsked = false;
  const listener = Bun.listen({
    unix: `${folder}/s`,
    socket: {
      data: async (socket) => {
        if (!isAsked) {
          isAsked = true;
          for (const piece of pieces) {
            await Bun.sleep(pauseMs);
            socket.write(piece);
          }
          socket.end();
        }
      },
    },
  });
  const client = Bun.spawn([CLIENT, `${folder}/s`, "tool"], { stdio: ["ignore", "ignore", "pipe"] });
  const [stderr, status] = await Promise.all([client.stderr.text(), client.exited]);
  listener.stop();
  await rm(folder, { recursive: true });
  return { status, stderr };
}

describe("a call of a tool that ends at once", () => {
  test("has its exit code, in whatever pieces that comes", async () => {
    for (let cut = 1; cut < BOTH.length; cut += 1) {
      expect({ cut, ...(await callOf([BOTH.subarray(0, cut), BOTH.subarray(cut)])) }).toMatchObject({ cut, status: 7 });
    }
    expect(await callOf(Array.from(BOTH, (byte) => Uint8Array.of(byte)))).toEqual({ status: 7, stderr: "" });
  });

  test.each([
    { name: "in one piece", pieces: [BOTH], pauseMs: 1 },
    { name: "late", pieces: [BOTH], pauseMs: LATE_MS },
    { name: "late, after WELCOME", pieces: [WELCOME, EXIT], pauseMs: LATE_MS },
  ])("has its exit code $name", async ({ pieces, pauseMs }) => {
    expect(await callOf(pieces, pauseMs)).toEqual({ status: 7, stderr: "" });
  });

  test.each([0, 1, 255])("has the exit code %i", async (code) => {
    const exit = encodeExit({ ending: { code }, stdinBytes: 0 });
    expect(await callOf([joinFrames(WELCOME, exit)])).toEqual({ status: code, stderr: "" });
  });

  test("that a signal ended says so", async () => {
    const exit = encodeExit({ ending: { signal: "SIGTERM" }, stdinBytes: 0 });
    expect(await callOf([joinFrames(WELCOME, exit)])).toEqual({ status: 143, stderr: "" });
  });

  test("is denied in words", async () => {
    const deny = encodeDeny({ rule: "x", message: "tool is denied" });
    expect(await callOf([joinFrames(WELCOME, deny)])).toEqual({
      status: 126,
      stderr: "plugin-client: tool is denied\n",
    });
  });

  test.each([
    { name: "another version", bytes: changed(BOTH, 10, 2), says: "does not speak this client's language" },
    { name: "another magic", bytes: changed(BOTH, 5, 0), says: "does not speak this client's language" },
    { name: "a longer EXIT than it is", bytes: changed(BOTH, WELCOME.length + 3, 1), says: "does not speak" },
    { name: "a signal's name and a code", bytes: changed(BOTH, WELCOME.length + 10, 1), says: "does not speak" },
    { name: "EXIT and more", bytes: joinFrames(BOTH, EXIT), says: "does not speak" },
    { name: "nothing but WELCOME", bytes: WELCOME, says: "was lost" },
  ])("is refused from a plugin that says $name", async ({ bytes, says }) => {
    expect(await callOf([bytes])).toEqual({ status: 125, stderr: expect.stringContaining(says) });
  });
});

function changed(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const other = bytes.slice();
  other[offset] = value;
  return other;
}
