import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { gzipSync } from "node:zlib";

import { Authority } from "../helpers/authority.ts";
import { startBroker, type BrokerProcess } from "../helpers/broker.ts";

setDefaultTimeout(30_000);

/** What a registry was asked. */
interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

// Two registries with TLS and a private CA that say what they were asked, and a broker in front of them.
let authority: Authority;
let broker: BrokerProcess;
let first: Bun.Server<undefined>;
let second: Bun.Server<undefined>;
const seen: Seen[] = [];

async function answer(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const path = pathname + search;
  seen.push({ method: request.method, path, headers: request.headers, body: await request.text() });
  if (path === "/moved") {
    return Response.redirect("https://127.0.0.1:9/elsewhere");
  }
  if (path === "/page") {
    return new Response("<html>", { headers: { "content-type": "text/html" } });
  }
  if (path === "/said") {
    return Response.json({ error: "no, said the registry to first-canary" }, { status: 403 });
  }
  if (request.headers.get("if-none-match") === '"1"') {
    return new Response(null, { status: 304, headers: { etag: '"1"' } });
  }
  return path.endsWith(".tgz")
    ? new Response("a file", { headers: { "content-type": "application/octet-stream" } })
    : Response.json(
        { path },
        { headers: { etag: '"1"', "cache-control": "public, max-age=300", "set-cookie": "a=b" } },
      );
}

beforeAll(async () => {
  authority = await Authority.create();
  const { cert, key } = await authority.issue("IP:127.0.0.1");
  const serve = (): Bun.Server<undefined> =>
    Bun.serve({ hostname: "127.0.0.1", port: 0, tls: { cert: Bun.file(cert), key: Bun.file(key) }, fetch: answer });
  [first, second] = [serve(), serve()];
  const [one, two] = [`127.0.0.1:${first.port}`, `127.0.0.1:${second.port}`];
  broker = await startBroker(
    `plugin: npm
credentials:
  "${one}": { file: "{secrets}/first" }
  "${two}": { file: "{secrets}/second", username: robot }
broker:
  registries: { default: "https://${one}", "@acme": "https://${two}/private/npm/" }
  publish: [listed]
  hosts: { "${one}": { ca_file: "${authority.file}" }, "${two}": { ca_file: "${authority.file}" } }
`,
    { first: "first-canary", second: "second-canary" },
  );
});
afterAll(async () => {
  await broker[Symbol.asyncDispose]();
  await first.stop(true);
  await second.stop(true);
  await authority[Symbol.asyncDispose]();
});

/** Asks the broker; what the registry saw of it is the last of `seen`. */
async function ask(
  path: string,
  init: RequestInit = {},
): Promise<{ response: Response; text: string; last: Seen | undefined }> {
  const before = seen.length;
  const response = await fetch(broker.url + path, init);
  const text = await response.text();
  return { response, text, last: seen.length > before ? seen.at(-1) : undefined };
}

test("each registry gets its own credential, in its own form, and none of the tool's headers", async () => {
  const headers = {
    authorization: "Bearer placeholder",
    "npm-otp": "123456",
    cookie: "a=b",
    accept: "text/html",
    "user-agent": "npm/11.0.0 node/v22.0.0 linux x64 workspaces/false",
  };
  const { last } = await ask("/a", { headers });
  expect(last?.path).toBe("/a");
  expect(last?.headers.get("authorization")).toBe("Bearer first-canary");
  expect(last?.headers.get("user-agent")).toStartWith("npm/11.0.0 ");
  expect(last?.headers.get("accept")).toBe("application/json");
  expect([last?.headers.get("npm-otp"), last?.headers.get("cookie")]).toEqual([null, null]);
  const scoped = await ask("/@acme%2Fa", { headers });
  expect(scoped.last?.path).toBe("/private/npm/@acme%2fa");
  expect(scoped.last?.headers.get("authorization")).toBe(`Basic ${btoa("robot:second-canary")}`);
});

test("a file is asked for at the registry of its package, with or without the registry's own path", async () => {
  for (const path of ["/private/npm/@acme/a/-/a-1.0.0.tgz", "/@acme/a/-/a-1.0.0.tgz"]) {
    expect((await ask(path)).last?.path).toBe("/private/npm/@acme/a/-/a-1.0.0.tgz");
  }
  const elsewhere = await ask("/other/project/-/a-1.0.0.tgz");
  expect([elsewhere.response.status, elsewhere.last]).toEqual([403, undefined]);
  expect(elsewhere.text).toContain("and this one is elsewhere");
});

test("what npm's cache goes by passes both ways, and nothing else does", async () => {
  const { response } = await ask("/a");
  expect(response.headers.get("etag")).toBe('"1"');
  expect(response.headers.get("cache-control")).toBe("public, max-age=300");
  expect(response.headers.get("set-cookie")).toBeNull();
  const known = await ask("/a", { headers: { "if-none-match": '"1"' } });
  expect([known.response.status, known.text]).toEqual([304, ""]);
});

test("an audit goes on as the same object, unpacked", async () => {
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  const path = "/-/npm/v1/security/advisories/bulk";
  const { last, response } = await ask(path, { method: "POST", headers, body: gzipSync('{ "a": ["1.0.0"] }') });
  expect([response.status, last?.body, last?.path]).toEqual([200, '{"a":["1.0.0"]}', path]);
  expect(last?.headers.get("content-encoding")).toBeNull();
  const type = { "content-type": "application/json" };
  for (const [body, status, given] of [
    ["[]", 400, type],
    ["{", 400, type],
    ["{}", 415, {}],
    ["{}", 400, headers],
    [gzipSync(`{"a":"${"x".repeat(9 * 1024 * 1024)}"}`), 413, headers],
    [`{"a":"${"x".repeat(9 * 1024 * 1024)}"}`, 413, type],
  ] as const) {
    const refused = await ask(path, { method: "POST", headers: given, body });
    expect([refused.response.status, refused.last]).toEqual([status, undefined]);
  }
});

test("an audit may have 8 MiB, and not a byte more", async () => {
  const headers = { "content-type": "application/json" };
  const frame = '{"a":""}';
  for (const [size, status] of [
    [8 * 1024 * 1024, 200],
    [8 * 1024 * 1024 + 1, 413],
  ] as const) {
    const body = `{"a":"${"x".repeat(size - frame.length)}"}`;
    const { response, last } = await ask("/-/npm/v1/security/audits/quick", { method: "POST", headers, body });
    expect([response.status, last?.body.length]).toEqual([status, status === 200 ? size : undefined]);
  }
});

test("many large documents at once do not add up: they have a bound of their own", async () => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ a: "x".repeat(20 * 1024 * 1024) });
  const asked = Array.from({ length: 16 }, async () => await ask("/listed", { method: "PUT", headers, body }));
  const answers = await Promise.all(asked);
  const statuses = new Set(answers.map(({ response }) => response.status));
  // Those that are read are no publication, and refused as that.
  expect(statuses).toEqual(new Set([403, 503]));
  expect(answers.every(({ last }) => last === undefined)).toBe(true);
  expect(answers.some(({ text }) => text.includes("The broker is busy: other documents are being looked at"))).toBe(
    true,
  );
  expect((await ask("/listed", { method: "PUT", headers, body: "{}" })).response.status).toBe(403);
});

test("a registry with a certificate that nobody vouches for is not asked, nor one that has gone", async () => {
  const credentials = `credentials: { "127.0.0.1:${first.port}": { file: "{secrets}/first" } }`;
  const registries = `broker: { registries: { default: "https://127.0.0.1:${first.port}", "@gone": "https://127.0.0.1:9" } }`;
  await using other = await startBroker(`plugin: npm\n${credentials}\n${registries}\n`, { first: "first-canary" });
  const before = seen.length;
  for (const [path, says] of [
    ["/a", "its certificate is not trusted"],
    ["/@gone%2fa", "Cannot reach 127.0.0.1:9: nobody listens there"],
  ] as const) {
    const answer = await fetch(other.url + path);
    expect([answer.status, await answer.json()]).toEqual([502, { error: expect.stringContaining(says) }]);
    expect((await other.health()).problems.join("; ")).toContain(says);
  }
  expect(seen.length).toBe(before);
});

test("the audit has who asked for what, the decision, the registry's answer and the bytes", async () => {
  await ask("/@acme%2fa");
  expect((await broker.entries()).at(-1)).toEqual({
    time: expect.any(String),
    level: "info",
    event: "request",
    tool: "npm",
    from: "127.0.0.1",
    method: "GET",
    host: `127.0.0.1:${second.port}`,
    path: "@acme/a",
    service: "packument",
    decision: "allow",
    upstream: 200,
    status: 200,
    received_bytes: 0,
    sent_bytes: '{"path":"/private/npm/@acme%2fa"}'.length,
    ms: expect.any(Number),
  });
  await ask("/other", { method: "PUT", body: "{" });
  expect((await broker.entries()).at(-1)).toMatchObject({ service: "publish", decision: "deny", rule: "publish" });
});

test("a redirect is not followed, and a page is no answer", async () => {
  const moved = await ask("/moved");
  expect(moved.response.status).toBe(403);
  expect(JSON.parse(moved.text)).toEqual({ error: expect.stringContaining("redirects to another host") });
  expect((await ask("/page")).response.status).toBe(502);
});

test("what the registry says passes, without the credential", async () => {
  const { text, response } = await ask("/said");
  expect([response.status, JSON.parse(text)]).toEqual([
    403,
    { error: `127.0.0.1:${first.port} answered 403: no, said the registry to [secret]` },
  ]);
});

test("a name that is not listed is refused before its document is read", async () => {
  const refused = await ask("/other", { method: "PUT", body: "{" });
  expect([refused.response.status, refused.last]).toEqual([403, undefined]);
  const listed = await ask("/listed", { method: "PUT", body: "{}", headers: { "content-type": "application/json" } });
  expect([listed.response.status, listed.last]).toEqual([403, undefined]);
  expect(listed.text).toContain("this is not the publication of one version");
  expect((await broker.entries()).at(-1)).toMatchObject({ service: "publish", decision: "deny", rule: "document" });
});
