import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir, readFile, stat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";

import { ACME, GitHost } from "../helpers/git-host.ts";
import { startBroker } from "../helpers/broker.ts";
import { SERVER } from "../helpers/executables.ts";
import { waitFor } from "../helpers/wait-for.ts";

setDefaultTimeout(60_000);

const HEALTH = "GET /-/health HTTP/1.1\r\nHost: x\r\n\r\n";

/** A connection to the broker, and what has come on it. */
class Line implements Disposable {
  readonly socket: Socket;
  text = "";
  isOver = false;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.on("data", (chunk) => (this.text += chunk.toString("latin1")));
    this.socket.on("error", () => {});
    this.socket.on("close", () => (this.isOver = true));
  }

  async says(text: string): Promise<void> {
    await waitFor(`it says ${text}`, () => this.text.includes(text));
  }

  async ends(): Promise<void> {
    await waitFor("it ends", () => this.isOver);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Speaks TLS to the broker as a host. */
async function speakTls(broker: string | Socket, ca: string, host: string): Promise<TLSSocket> {
  const socket = typeof broker === "string" ? new Line(broker).socket : broker;
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("data", () => resolve());
    socket.write(`CONNECT ${host}:443 HTTP/1.1\r\n\r\n`);
  });
  return await new Promise((resolve, reject) => {
    const secure = connectTls({ socket, ca, host, servername: /^[\d.]+$/.test(host) ? "" : host }, () =>
      resolve(secure),
    );
    secure.once("error", reject);
  });
}

/** Whether whoever answers there is not believed. */
async function isRefused(speaking: Promise<TLSSocket>): Promise<boolean> {
  return await speaking.then(
    () => false,
    () => true,
  );
}

describe("a broker that is a proxy", () => {
  test("answers for any host by TLS, as whoever it writes down", async () => {
    await using host = await GitHost.start(ACME);
    const ca = await readFile(host.broker.caFile, "utf8");
    for (const name of ["github.com", "a-b.example.org", "10.0.0.1"]) {
      const secure = await speakTls(host.broker.url, ca, name);
      const { subjectaltname, issuer } = secure.getPeerCertificate();
      expect(subjectaltname).toBe(name === "10.0.0.1" ? "IP Address:10.0.0.1" : `DNS:${name}`);
      expect(issuer.CN).toBe("claude-container broker");
      secure.destroy();
    }
    const another = await readFile(host.authority.file, "utf8");
    expect(await isRefused(speakTls(host.broker.url, another, "github.com"))).toBe(true);
  });

  test("is not believed by a git that is not told to", async () => {
    await using host = await GitHost.start(ACME);
    const url = host.url("acme/thing.git");
    const said = await host.sh(`git -c http.proxy=${host.broker.url} ls-remote ${url} 2>&1 || true`);
    expect(said).toContain("server certificate verification failed");
    expect(host.server.seen).toEqual([]);
  });

  test("makes another authority at each start, and keeps its key to itself", async () => {
    const config = 'plugin: git\nbroker: { allowed_repos: ["h.example/*"] }\n';
    await using broker = await startBroker(config);
    const first = await readFile(broker.caFile, "utf8");
    expect(first.match(/BEGIN/g)).toHaveLength(1);
    (await speakTls(broker.url, first, "h.example")).destroy();
    expect((await readdir(broker.folder)).toSorted()).toEqual(["broker-ca.pem", "git.yaml", "log", "secrets"]);
    expect((await stat(broker.caFile)).mode & 0o444).toBe(0o444);
    await using other = await startBroker(config, {}, { PLUGIN_BROKER_CA: broker.caFile });
    const second = await readFile(broker.caFile, "utf8");
    expect(second).not.toBe(first);
    expect(await isRefused(speakTls(other.url, first, "h.example"))).toBe(true);
    (await speakTls(other.url, second, "h.example")).destroy();
  });

  test.each([
    ["PLUGIN_BROKER_CA is not set", { PLUGIN_BROKER_CA: undefined }],
    ["The broker needs openssl, and there is none in PATH; install it", { PATH: "/nowhere" }],
    ["no such file or directory, open '/nowhere/ca.pem.new'", { PLUGIN_BROKER_CA: "/nowhere/ca.pem" }],
  ])("does not start, and says why: %s", async (why, env) => {
    await using host = await GitHost.start(ACME);
    const child = Bun.spawn([SERVER, "broker", host.broker.config, "--listen", "127.0.0.1:0"], {
      env: { PATH: "/usr/bin:/bin", PLUGIN_BROKER_CA: `${host.folder}/ca.pem`, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    expect(await child.stderr.text()).toMatch(new RegExp(`^plugin-server: .*${why}`));
    expect(await child.exited).toBe(1);
  });

  test("takes what it is asked one byte at a time", async () => {
    await using host = await GitHost.start(ACME);
    using line = new Line(host.broker.url);
    for (const byte of "CONNECT github.com:443 HTTP/1.1\r\nHost: github.com:443\r\n\r") {
      line.socket.write(byte);
      await Bun.sleep(0);
    }
    expect(line.text).toBe("");
    line.socket.write("\n");
    await line.says("HTTP/1.1 200 Connection established\r\n\r\n");
    using plain = new Line(host.broker.url);
    for (const byte of HEALTH) {
      plain.socket.write(byte);
      await Bun.sleep(0);
    }
    await plain.says('"state":"ready"');
  });

  test("refuses what names no host, and goes on", async () => {
    await using host = await GitHost.start(ACME);
    for (const text of ["CONNECT [::1]:22 HTTP/1.1\r\n\r\n", "CONNECT x\r\n\r\n", `CONNECT ${"x".repeat(9000)}`]) {
      using line = new Line(host.broker.url);
      line.socket.write(text);
      await line.says("HTTP/1.1 400 Bad Request");
      await line.ends();
    }
    using noise = new Line(host.broker.url);
    noise.socket.write("CONNECT github.com:443 HTTP/1.1\r\n\r\nthis is no TLS\r\n\r\n");
    await noise.ends();
    expect((await host.broker.health()).state).toBe("ready");
    expect((await host.git(["ls-remote", host.url("acme/thing.git")])).status).toBe(0);
  });

  test("answers its own repositories' hosts while somebody asks for very many others", async () => {
    await using host = await GitHost.start(ACME);
    const lines = Array.from({ length: 200 }, () => new Line(host.broker.url));
    lines.forEach(({ socket }, index) => socket.write(`CONNECT host-${index}.example:443 HTTP/1.1\r\n\r\n`));
    expect((await host.git(["ls-remote", host.url("acme/thing.git")])).status).toBe(0);
    await Promise.all(lines.map(async (line) => await line.says("200 Connection established")));
    lines.forEach((line) => line[Symbol.dispose]());
    expect((await host.git(["ls-remote", host.url("acme/thing.git")])).status).toBe(0);
    expect(host.broker.residentMiB()).toBeLessThan(200);
  });

  test("judges what is asked by what it says, whatever host it was asked for", async () => {
    await using host = await GitHost.start(ACME);
    const secure = await speakTls(host.broker.url, await readFile(host.broker.caFile, "utf8"), "127.0.0.1");
    let text = "";
    secure.on("data", (chunk) => (text += chunk.toString()));
    const ask = (name: string): string =>
      `GET /acme/thing.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: ${name}\r\n\r\n`;
    secure.write(
      ask("elsewhere.example") + ask(`x@${host.server.host}`) + `CONNECT ${host.server.host} HTTP/1.1\r\n\r\n`,
    );
    await waitFor("both are refused", () => (text.match(/HTTP\/1\.1 4\d\d/g) ?? []).length >= 2);
    expect(text).toContain('"elsewhere.example/acme/thing" is not in broker.allowed_repos');
    expect(text).not.toContain(" 200 ");
    expect(host.server.seen).toEqual([]);
    secure.destroy();
  });

  test("holds 512 connections and no more, and takes others when they have gone", async () => {
    await using host = await GitHost.start(ACME);
    const lines = Array.from({ length: 512 }, () => new Line(host.broker.url));
    for (const line of lines) {
      line.socket.write("CONNECT ");
    }
    await waitFor("all are connected", () => lines.every(({ socket }) => !socket.connecting));
    using late = new Line(host.broker.url);
    late.socket.write(HEALTH);
    await late.ends();
    expect(late.text).toBe("");
    expect(lines.some(({ isOver }) => isOver)).toBe(false);
    lines.pop()?.[Symbol.dispose]();
    await waitFor("there is room again", async () => {
      using line = new Line(host.broker.url);
      line.socket.write(HEALTH);
      await waitFor("it answers or ends", () => line.isOver || line.text.includes('"ready"'));
      return line.text.includes('"ready"');
    });
    lines.forEach((line) => line[Symbol.dispose]());
  });

  test("writes down who asked, also of what was asked by TLS", async () => {
    await using host = await GitHost.start(ACME);
    expect((await host.git(["ls-remote", host.url("acme/thing.git")])).status).toBe(0);
    const entries = await host.broker.entries();
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.every(({ from }) => from === "127.0.0.1")).toBe(true);
  });

  test("tells callers apart, also where they ask at the same time for the same host", async () => {
    await using host = await GitHost.start(ACME);
    const { hostname, port } = new URL(host.broker.url);
    const ca = await readFile(host.broker.caFile, "utf8");
    const addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];
    const lines = addresses.map((localAddress) => connect({ port: Number(port), host: hostname, localAddress }));
    const asked = lines.map(async (socket, index) => {
      const secure = await speakTls(socket, ca, "one.example");
      secure.write(`GET /for/${index}/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: one.example\r\n\r\n`);
      await new Promise((resolve) => secure.once("data", resolve));
      secure.destroy();
    });
    await Promise.all(asked);
    const entries = await host.broker.entries();
    const found = entries
      .map(({ from, message }) => `${String(from)} ${/for\/\d/.exec(String(message))?.[0]}`)
      .toSorted();
    expect(found).toEqual(addresses.map((address, index) => `${address} for/${index}`));
  });

  test("waits for an upstream that takes long to begin", async () => {
    let asked = 0;
    await using host = await GitHost.start(ACME, {
      instead: async () => {
        // Bun.serve gives a connection up after 10 seconds without a byte, if it is not told otherwise.
        await Bun.sleep(asked++ === 0 ? 17_000 : 0);
        return undefined;
      },
    });
    expect((await host.git(["ls-remote", host.url("acme/thing.git")])).status).toBe(0);
  });

  test("gives up what a tool asked for that has gone", async () => {
    const gate = Promise.withResolvers<void>();
    await using host = await GitHost.start(ACME, {
      instead: async () => {
        await gate.promise;
        return new Response("");
      },
    });
    const ca = await readFile(host.broker.caFile, "utf8");
    const secure = await speakTls(host.broker.url, ca, "127.0.0.1");
    secure.write(`GET /acme/thing.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: ${host.server.host}\r\n\r\n`);
    await waitFor("it is asked upstream", () => host.server.seen.length > 0);
    secure.destroy();
    await waitFor("it is given up", async () =>
      (await host.broker.entries()).some(({ outcome }) => outcome === "gone"),
    );
    gate.resolve();
  });
});
