import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { GitHost, HEAD, HOSTS } from "../helpers/git-host.ts";
import { waitFor } from "../helpers/wait-for.ts";

setDefaultTimeout(30_000);

const MIB = 1024 * 1024;
const limited = (limits: string): string =>
  `${HEAD}broker: { allowed_repos: ["{host}/acme/*"], limits: { ${limits} }, ${HOSTS} }\n`;
const result = (body: Bun.BodyInit, service: string): Response =>
  new Response(body, { headers: { "content-type": `application/x-git-${service}-result` } });

/** A push of a new branch whose body has so many bytes. */
function pushOf(size: number): Uint8Array<ArrayBuffer> {
  const line = `${"0".repeat(40)} ${"a".repeat(40)} refs/heads/agent/x\0 report-status`;
  const head = `${(line.length + 4).toString(16).padStart(4, "0")}${line}0000`;
  const body = new Uint8Array(size);
  body.set(new TextEncoder().encode(head));
  return body;
}

async function ask(host: GitHost, service: "upload-pack" | "receive-pack", body: Bun.BodyInit): Promise<Response> {
  const headers = { "content-type": `application/x-git-${service}-request` };
  return await host.ask(`/acme/thing.git/git-${service}`, { method: "POST", headers, body });
}

/** Why a fetch did not come to its end; undefined when it did. */
async function failureOf(host: GitHost): Promise<unknown> {
  try {
    await (await ask(host, "upload-pack", "0000")).bytes();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("broker.limits", () => {
  test("a request of request_mib passes whole, and one of a byte more does not", async () => {
    const arrived: number[] = [];
    await using host = await GitHost.start(limited("request_mib: 1"), {
      instead: async (request) => {
        arrived.push((await request.bytes()).length);
        return result("", "receive-pack");
      },
    });
    expect((await ask(host, "receive-pack", pushOf(MIB))).status).toBe(200);
    expect(arrived).toEqual([MIB]);
    const refused = await ask(host, "receive-pack", pushOf(MIB + 1));
    expect([refused.status, await refused.text()]).toEqual([
      413,
      "The request has more than 1 MiB, which is broker.limits.request_mib\n",
    ]);
    expect(arrived).toEqual([MIB]);
  });

  test("a response of response_mib passes whole, and one of a byte more is cut off", async () => {
    let size = MIB;
    await using host = await GitHost.start(limited("response_mib: 1"), {
      instead: () => result(new Uint8Array(size), "upload-pack"),
    });
    expect(await (await ask(host, "upload-pack", "0000")).bytes()).toHaveLength(MIB);
    expect((await host.broker.entries()).at(-1)).toMatchObject({ status: 200, sent_bytes: MIB });
    size += 1;
    expect(await failureOf(host)).toBeInstanceOf(Error);
    expect((await host.broker.entries()).at(-1)).toMatchObject({ outcome: "broken" });
  });

  test("so many requests as `requests` run at once, one more is told to wait, and the next one passes", async () => {
    const gate = Promise.withResolvers<void>();
    await using host = await GitHost.start(limited("requests: 2"), {
      instead: async () => {
        await gate.promise;
        return result("", "upload-pack");
      },
    });
    const running = [ask(host, "upload-pack", "0000"), ask(host, "upload-pack", "0000")];
    await waitFor("both run", async () => (await host.broker.health()).requests === 2);
    const refused = await ask(host, "upload-pack", "0000");
    expect([refused.status, await refused.text()]).toEqual([
      503,
      "The broker is busy: 2 requests run, which is broker.limits.requests; try again later\n",
    ]);
    gate.resolve();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
    await Promise.all(running.map(async (response) => await (await response).bytes()));
    expect((await ask(host, "upload-pack", "0000")).status).toBe(200);
  });

  test("a request that goes on and on is given up after `timeout`, though bytes move", async () => {
    const drops = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: async (controller) => {
          await Bun.sleep(50);
          controller.enqueue(new Uint8Array(1));
        },
      });
    await using host = await GitHost.start(limited("timeout: 1s, idle: 1h"), {
      instead: () => result(drops(), "upload-pack"),
    });
    expect(await failureOf(host)).toBeInstanceOf(Error);
    expect((await host.broker.entries()).at(-1)).toMatchObject({
      outcome: "broken",
      error: "The request took longer than 1000 ms, which is a limit in broker.limits",
    });
    expect((await host.broker.health()).requests).toBe(0);
  });
});
