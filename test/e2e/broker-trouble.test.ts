import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:net";
import { writeFile } from "node:fs/promises";

import { ACME, GitHost, HEAD, HOSTS, TOKEN } from "../helpers/git-host.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { bench } from "../cli/run.ts";

setDefaultTimeout(30_000);

const limited = (limits: string): string =>
  `${HEAD}broker: { allowed_repos: ["{host}/acme/*"], limits: { ${limits} }, ${HOSTS} }\n`;
const lsRemote = async (host: GitHost): Promise<string> =>
  (await host.git(["ls-remote", host.url("acme/thing.git")])).stderr;

describe("a credential that does not work", () => {
  test("is named in git's own output, in the health report, and gone from it once it works", async () => {
    await using host = await GitHost.start(ACME, {}, "CANARY-wrong");
    const says = `${host.server.host} answered 401: the token in secrets/token was refused`;
    expect(await lsRemote(host)).toContain(`remote: ${says}`);
    expect((await host.broker.health()).problems).toEqual([says]);
    await using cli = await bench();
    const { stdout, status } = await cli.run("health", host.broker.url);
    expect([stdout, status]).toEqual([`git broker ready, 0 running, ${says}\n`, 0]);
    await writeFile(`${host.broker.secrets}/token`, TOKEN);
    expect(await lsRemote(host)).toBe("");
    expect((await host.broker.health()).problems).toEqual([]);
    expect(await host.broker.log()).not.toContain("CANARY");
  });

  test("or is not there, is named before anybody asks, and until it is there", async () => {
    await using host = await GitHost.start(
      '{ plugin: git, credentials: { "{host}": { file: "{secrets}/gone" } }, broker: { allowed_repos: ["{host}/acme/*"], hosts: { "{host}": { ca_file: "{secrets}/ca.pem" } } } }',
    );
    const { secrets } = host.broker;
    const missing = ["gone", "ca.pem"].map((name) => `${secrets}/${name} is not there`);
    expect((await host.broker.health()).problems).toEqual(missing);
    expect(await lsRemote(host)).toContain("remote: Cannot read the token in secrets/gone: there is no such file");
    expect((await host.broker.health()).problems).toEqual(missing);
    await writeFile(`${secrets}/gone`, TOKEN);
    expect(await lsRemote(host)).toContain("the file in broker.hosts, ca_file, is not there");
    await writeFile(`${secrets}/ca.pem`, "");
    expect((await host.broker.health()).problems).toEqual([]);
  });

  test("or comes from a program that is not there, is too", async () => {
    await using host = await GitHost.start(
      ACME.replace('{ file: "{secrets}/token" }', '{ command: ["/nowhere/mint"] }'),
    );
    const says = "Cannot get the token that mint prints: it cannot be started (ENOENT)";
    expect(await lsRemote(host)).toContain(says);
    expect((await host.broker.health()).problems).toEqual([says]);
  });

  test("or is not in the config at all, is too", async () => {
    await using host = await GitHost.start(`plugin: git\nbroker: { allowed_repos: ["{host}/acme/*"], ${HOSTS} }\n`);
    expect(await lsRemote(host)).toContain(
      `it wants a credential and the config has none for it; add credentials.${host.server.host}`,
    );
    expect(host.server.seen.at(-1)?.headers["authorization"]).toBeUndefined();
  });

  test("and came from a command, is minted anew and tried once more", async () => {
    const config = ACME.replace('{ file: "{secrets}/token" }', '{ command: ["/bin/sh", "{secrets}/mint"], cache: 1h }');
    await using host = await GitHost.start(config);
    await writeFile(`${host.broker.secrets}/mint`, `cat ${host.broker.secrets}/now`);
    await writeFile(`${host.broker.secrets}/now`, TOKEN);
    expect(await lsRemote(host)).toBe("");
    await writeFile(
      `${host.broker.secrets}/mint`,
      `echo x >> ${host.broker.secrets}/runs; cat ${host.broker.secrets}/now`,
    );
    expect(await lsRemote(host)).toBe("");
    expect(await Bun.file(`${host.broker.secrets}/runs`).exists()).toBe(false);
  });
});

describe("an upstream that misbehaves", () => {
  test("and is gone: git is told so, and the health report has it", async () => {
    await using host = await GitHost.start();
    host.server[Symbol.dispose]();
    expect(await lsRemote(host)).toContain(`remote: Cannot reach ${host.server.host}: nobody listens there`);
    expect((await host.broker.health()).problems[0]).toContain("Cannot reach");
  });

  test("and has a certificate that nobody vouches for gets no credential", async () => {
    await using host = await GitHost.start(`${HEAD}broker: { allowed_repos: ["{host}/acme/*"] }\n`);
    expect(await lsRemote(host)).toContain("its certificate is not trusted");
    expect(host.server.seen).toEqual([]);
  });

  test("and has a certificate of another name gets none either", async () => {
    await using host = await GitHost.start();
    const port = host.server.host.split(":")[1] ?? "";
    await host.edit(ACME.replaceAll("{host}", `localhost:${port}`));
    const { stderr } = await host.git(["ls-remote", `https://localhost:${port}/acme/thing.git`]);
    expect(stderr).toContain("its certificate is not trusted (ERR_TLS_CERT_ALTNAME_INVALID)");
    expect(host.server.seen).toEqual([]);
  });

  test.each([301, 302, 303, 307, 308])(
    "and redirects (%d): nobody follows, and no other host hears of it",
    async (status) => {
      const heard: string[] = [];
      using sink = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: (request) => (heard.push(request.url), new Response("")),
      });
      const location = `${sink.url.origin}/x`;
      await using host = await GitHost.start(ACME, {
        instead: () => new Response("", { status, headers: { location } }),
      });
      expect(await lsRemote(host)).toContain("it redirects to another host, and the broker follows no redirect");
      expect(heard).toEqual([]);
    },
  );

  test("and has moved a repository: git is told where", async () => {
    await using host = await GitHost.start(ACME, {
      instead: () => new Response("", { status: 301, headers: { location: "/acme/new.git/info/refs" } }),
    });
    expect(await lsRemote(host)).toContain("acme/new.git");
  });

  test("and knows repositories by their name with .git only, as GitLab does: it is asked so", async () => {
    await using host = await GitHost.start(ACME, {
      instead: (request) => {
        const { pathname, search } = new URL(request.url);
        const location = `${pathname.replace("/info/refs", ".git/info/refs")}${search}`;
        return pathname.includes(".git/") ? undefined : new Response("", { status: 301, headers: { location } });
      },
    });
    const cloned = await host.git(["clone", "-q", host.url("acme/thing"), "c"], ".");
    expect(cloned.stderr).toBe("");
    expect((await host.git(["push", "-q", "origin", "main:agent/x"], "c")).stderr).toBe("");
    expect(await host.at("agent/x")).toBe(await host.at("main"));
  });

  test("and redirects to itself, at another repository: nobody follows", async () => {
    await using host = await GitHost.start(ACME, {
      instead: (request) => {
        const isOther = new URL(request.url).pathname.startsWith("/other/");
        const location = "/other/thing.git/info/refs?service=git-upload-pack";
        return isOther ? undefined : new Response("", { status: 301, headers: { location } });
      },
    });
    expect((await host.git(["ls-remote", host.url("acme/thing")])).stderr).toContain("follows no redirect");
    expect(host.server.seen).toHaveLength(1);
  });

  test("and repeats the credential in its errors: it is taken out", async () => {
    const pair = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");
    await using host = await GitHost.start(ACME, {
      instead: () => new Response(`go away ${TOKEN} ${pair}\u001b[31m`, { status: 403, headers: { "x-token": TOKEN } }),
    });
    const said = await lsRemote(host);
    expect(said).toContain("answered 403: go away [secret] ");
    expect(said).not.toContain("CANARY");
    expect(said).not.toContain("\u001b");
    expect(await host.broker.log()).not.toContain("CANARY");
  });

  test("and answers with a page for people, which is not passed on", async () => {
    await using host = await GitHost.start(ACME, {
      instead: () => new Response("<script>", { headers: { "content-type": "text/html" } }),
    });
    const said = await lsRemote(host);
    expect(said).toContain("with a type that is none of this service's (text/html)");
    expect(said).not.toContain("script");
  });

  test("and sets headers: none but the type is passed on", async () => {
    await using host = await GitHost.start(ACME, {
      instead: () =>
        new Response("", {
          headers: {
            "content-type": "application/x-git-upload-pack-advertisement",
            "set-cookie": `a=${TOKEN}`,
            location: "/x",
          },
        }),
    });
    const path = `${host.broker.url}/${host.server.host}/acme/thing.git/info/refs?service=git-upload-pack`;
    const { headers } = await fetch(path);
    expect([...headers.keys()].toSorted()).toEqual(["cache-control", "content-length", "content-type", "date"]);
  });

  test("and sends nothing: it is given up after broker.limits.idle", async () => {
    await using host = await GitHost.start(limited("idle: 1s"), {
      instead: async () => Bun.sleep(20_000).then(() => new Response("")),
    });
    expect(await lsRemote(host)).toContain("moved no byte for 1000 ms, which is a limit in broker.limits");
    await waitFor("the request is over", async () => (await host.broker.health()).requests === 0);
  });

  test("and stops in the middle: git fails, and the audit says so", async () => {
    const half = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("001e# service=git-upload-pack\n0000")),
    });
    await using host = await GitHost.start(limited("idle: 1s"), {
      instead: () => new Response(half, { headers: { "content-type": "application/x-git-upload-pack-advertisement" } }),
    });
    expect((await host.git(["ls-remote", host.url("acme/thing.git")])).status).not.toBe(0);
    expect((await host.broker.entries()).at(-1)).toMatchObject({ outcome: "broken", upstream: 200 });
  });

  test("and sends too much: it is cut off", async () => {
    await using host = await GitHost.start(limited("response_mib: 1"), {});
    await host.sh(
      "cd w; git config core.compression 0; head -c 3000000 /dev/urandom > f; git add f; git commit -qm f; git push -q ../root/acme/thing.git main",
    );
    expect((await host.git(["clone", "-q", host.url("acme/thing.git"), "c"], ".")).status).not.toBe(0);
    expect((await host.broker.entries()).at(-1)).toMatchObject({ outcome: "broken" });
  });
});

describe("a tool that misbehaves", () => {
  test("and sends too much is refused, and no ref changes", async () => {
    await using host = await GitHost.start(limited("request_mib: 1"));
    await host.sh("cd w; git config core.compression 0; head -c 8000000 /dev/urandom > f; git add f; git commit -qm f");
    const { status } = await host.git(["push", "-q", host.url("acme/thing.git"), "main:agent/x"]);
    expect(status).not.toBe(0);
    expect(await host.at("agent/x")).toBe("");
    await waitFor("the request is over", async () => (await host.broker.health()).requests === 0);
  });

  test("and asks for more at once than allowed is told to wait", async () => {
    await using host = await GitHost.start(limited("requests: 1, idle: 2s"), {
      instead: async () => Bun.sleep(3000).then(() => new Response("")),
    });
    const first = lsRemote(host);
    await waitFor("it runs", async () => (await host.broker.health()).requests === 1);
    expect(await lsRemote(host)).toContain("The broker is busy: 1 requests run, which is broker.limits.requests");
    await first;
  });

  test("and goes away takes its request with it", async () => {
    await using host = await GitHost.start(ACME, {
      instead: async () => Bun.sleep(20_000).then(() => new Response("")),
    });
    const aborter = new AbortController();
    const url = `${host.broker.url}/${host.server.host}/acme/thing.git/info/refs?service=git-upload-pack`;
    const asked = fetch(url, { signal: aborter.signal }).catch(() => {});
    await waitFor("it runs", async () => (await host.broker.health()).requests === 1);
    aborter.abort();
    await asked;
    await waitFor("it is over", async () => (await host.broker.health()).requests === 0);
    expect((await host.broker.entries()).at(-1)).toMatchObject({ outcome: "gone" });
  });

  test.each([
    { name: "two lengths", head: "Content-Length: 4\r\nContent-Length: 5", body: "00000" },
    {
      name: "a length and chunks",
      head: "Content-Length: 4\r\nTransfer-Encoding: chunked",
      body: "4\r\n0000\r\n0\r\n\r\n",
    },
    { name: "another coding", head: "Transfer-Encoding: gzip, chunked", body: "4\r\n0000\r\n0\r\n\r\n" },
    { name: "a compressed push", head: "Content-Length: 4\r\nContent-Encoding: gzip", body: "0000" },
    { name: "two types", head: "Content-Length: 4\r\nContent-Type: text/plain", body: "0000" },
    { name: "a trial with more behind it", head: "Content-Length: 8", body: "00000000" },
    { name: "a length that is none", head: "Content-Length: 4", body: "0001" },
  ])("and sends $name reaches nobody", async ({ head, body }) => {
    await using host = await GitHost.start();
    const path = `/${host.server.host}/acme/thing.git/git-receive-pack`;
    const request = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\n${head}\r\n\r\n${body}`;
    const answer = await raw(host.broker.url, request);
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(host.server.seen).toEqual([]);
  });

  test("and sends headers of its own: none of them goes on", async () => {
    await using host = await GitHost.start();
    const path = `/${host.server.host}/acme/thing.git/info/refs?service=git-upload-pack`;
    const given = {
      authorization: "Basic eDp5",
      cookie: "a=b",
      "x-forwarded-host": "evil",
      "git-protocol": "version=2:evil",
      "user-agent": "curl",
      "accept-language": "xx",
      host: "evil.example.com",
    };
    expect((await fetch(host.broker.url + path, { headers: given })).status).toBe(200);
    const { headers = {} } = host.server.seen.at(-1) ?? {};
    expect(headers["authorization"]).toBe(`Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`);
    expect(headers["host"]).toBe(host.server.host);
    expect(headers["user-agent"]).toBe("git/2");
    expect(Object.keys(headers).toSorted()).toEqual([
      "accept",
      "accept-encoding",
      "authorization",
      "connection",
      "host",
      "user-agent",
    ]);
  });

  test("and sends a gzip bomb as a fetch is refused", async () => {
    await using host = await GitHost.start();
    const url = `${host.broker.url}/${host.server.host}/acme/thing.git/git-upload-pack`;
    const headers = { "content-type": "application/x-git-upload-pack-request", "content-encoding": "gzip" };
    const bomb = Bun.gzipSync(new Uint8Array(64 * 1024 * 1024));
    expect((await fetch(url, { method: "POST", headers, body: bomb })).status).toBe(413);
    expect((await fetch(url, { method: "POST", headers, body: "no gzip" })).status).toBe(400);
    expect(host.server.seen).toEqual([]);
  });
});

test("plugin-server broker refuses a tool that has none, and an address that is none", async () => {
  await using cli = await bench({ "jq.yaml": "plugin: jq\n", "git.yaml": "plugin: git\n" });
  expect((await cli.run("broker", "jq.yaml", "--listen", "127.0.0.1:0")).stderr).toContain(
    "There is no broker for jq; there are brokers for git, npm",
  );
  expect((await cli.run("broker", "git.yaml", "--listen", "nonsense")).stderr).toContain("--listen must be HOST:PORT");
  expect((await cli.run("broker", "none.yaml")).stderr).toContain("there is no such file");
});

/** What comes back for these bytes. */
async function raw(url: string, request: string): Promise<string> {
  const { port, hostname } = new URL(url);
  return await new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.on("data", (chunk) => {
      answer += String(chunk);
      socket.end();
    });
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
  });
}
