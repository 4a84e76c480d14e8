import { expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:net";

import { ACME, GitHost } from "../helpers/git-host.ts";
import { waitFor } from "../helpers/wait-for.ts";

setDefaultTimeout(60_000);

const TYPE = "application/x-git-upload-pack-result";
const CHUNK = new Uint8Array(1024 * 1024);
const CHUNKS = 300;

test("a tool that does not read holds the upstream back, and the broker's memory stays flat", async () => {
  let sent = 0;
  const body = (): ReadableStream<Uint8Array> =>
    new ReadableStream(
      {
        pull: (controller) => {
          if (sent++ >= CHUNKS) {
            controller.close();
          } else {
            controller.enqueue(CHUNK);
          }
        },
      },
      { highWaterMark: 0 },
    );
  await using host = await GitHost.start(ACME, {
    instead: () => new Response(body(), { headers: { "content-type": TYPE } }),
  });
  const { port, hostname } = new URL(host.broker.url);
  const path = "/acme/thing.git/git-upload-pack";
  let read = 0;
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: ${host.server.host}\r\nContent-Type: application/x-git-upload-pack-request\r\nContent-Length: 4\r\n\r\n0000`,
  );
  socket.pause();
  const settled = async (): Promise<number> => {
    for (let before = -1; before !== sent;) {
      before = sent;
      await Bun.sleep(500);
    }
    return sent;
  };
  expect(await settled()).toBeLessThan(80);
  expect(host.broker.residentMiB()).toBeLessThan(120);
  socket.on("data", (chunk) => {
    read += chunk.length;
  });
  socket.resume();
  await waitFor("all of it has come", () => read > CHUNKS * CHUNK.length, 30_000);
  expect(host.broker.residentMiB()).toBeLessThan(120);
  socket.destroy();
});

test("an upstream that does not read holds the tool back, and the broker's memory stays flat", async () => {
  const gate = Promise.withResolvers<void>();
  let taken = 0;
  await using host = await GitHost.start(ACME, {
    instead: async (request) => {
      await gate.promise;
      for await (const chunk of request.body ?? []) {
        taken += chunk.length;
      }
      return new Response("", { headers: { "content-type": "application/x-git-receive-pack-result" } });
    },
  });
  let given = 0;
  const line = `${"0".repeat(40)} ${"a".repeat(40)} refs/heads/agent/x\0report-status`;
  const head = new TextEncoder().encode(`${(line.length + 4).toString(16).padStart(4, "0")}${line}0000`);
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (given > CHUNKS) {
          controller.close();
        } else {
          controller.enqueue(given++ === 0 ? head : CHUNK);
        }
      },
    },
    { highWaterMark: 0 },
  );
  const path = "/acme/thing.git/git-receive-pack";
  const headers = { "content-type": "application/x-git-receive-pack-request" };
  const answer = host.ask(path, { method: "POST", headers, body });
  for (let before = -1; before !== given;) {
    before = given;
    await Bun.sleep(500);
  }
  expect(given).toBeLessThan(80);
  expect(host.broker.residentMiB()).toBeLessThan(120);
  gate.resolve();
  expect((await answer).status).toBe(200);
  expect(taken).toBeGreaterThan(CHUNKS * CHUNK.length);
  expect(host.broker.residentMiB()).toBeLessThan(120);
});

test("many large requests at once do not add up: what must be read whole has a bound of its own", async () => {
  await using host = await GitHost.start(ACME, { instead: async () => Bun.sleep(1500).then(() => new Response("")) });
  const path = "/acme/thing.git/git-upload-pack";
  const headers = { "content-type": "application/x-git-upload-pack-request" };
  const wants = new Uint8Array(7 * 1024 * 1024);
  const asked = Array.from({ length: 40 }, async () => host.ask(path, { method: "POST", headers, body: wants }));
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(30);
  expect(host.broker.residentMiB()).toBeLessThan(200);
  expect((await host.ask(path, { method: "POST", headers, body: "0000" })).status).toBe(502);
});
