import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { GitHost, HEAD, TOKEN, type GitOutcome } from "../helpers/git-host.ts";
import { LfsServer, SIGNATURE, STORE_TOKEN } from "../helpers/lfs-server.ts";

setDefaultTimeout(120_000);

const isInstalled = Bun.which("git-lfs") !== null;
if (!isInstalled) {
  console.log("git-lfs is not installed: the tests of Git LFS are skipped");
}

// git-lfs asks no proxy for a loopback address; this one leads there all the same.
const NAME = "0.0.0.0";
const OID = "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"; // of "1\n"

describe.skipIf(!isInstalled)("Git LFS", () => {
  let host: GitHost;
  let lfs: LfsServer;
  // The store has a credential in the config too, which is for other requests than these.
  const config = (broker: string, more = ""): string =>
    `${HEAD.replace(" }\n", `, "${lfs.host}": { file: "{secrets}/token" } }\n`)}broker: { allowed_repos: ["{host}/acme/*"], ${broker}, hosts: { "{host}": { ca_file: "{ca}" }, "${lfs.host}": { ca_file: "{ca}" } } }\n${more}`;
  const on = async (): Promise<void> => host.edit(config("lfs: true"));
  const skipping = async (args: readonly string[], cwd: string): Promise<GitOutcome> => {
    await host.edit(config("lfs: false"));
    const outcome = await host.git(args, cwd);
    await on();
    return outcome;
  };
  /** Makes a commit on a branch of the work tree with one large file, of this content. */
  const commit = async (branch: string, content: string): Promise<void> => {
    await host.sh(`cd w; git checkout -q -B ${branch} main; echo '*.bin filter=lfs diff=lfs merge=lfs -text' >.gitattributes
      ${content} >large.bin; git add .; git commit -qm ${branch}`);
  };
  const batch = async (body: unknown): Promise<{ status: number; text: string }> => {
    const headers = { "content-type": "application/vnd.git-lfs+json" };
    const path = "/acme/thing.git/info/lfs/objects/batch";
    const answer = await host.ask(path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, text: await answer.text() };
  };
  const hrefOf = (text: string, action: string): URL => {
    const { objects } = JSON.parse(text) as { objects: [{ actions: Record<string, { href: string }> }] };
    return new URL(objects[0].actions[action]?.href ?? "");
  };

  beforeAll(async () => {
    host = await GitHost.start(undefined, { name: NAME, instead: async (request) => lfs?.api(request) });
    lfs = new LfsServer(await host.authority.issue("IP:127.0.0.1"), TOKEN);
    await on();
    await host.sh(`git lfs install --skip-repo >/dev/null
      cd w; git lfs install --local >/dev/null; git remote add origin ${host.url("acme/thing.git")}`);
  });
  afterAll(async () => {
    lfs?.[Symbol.dispose]();
    await host?.[Symbol.asyncDispose]();
  });

  test("a push brings the large file to its store, and a clone and a pull bring it back", async () => {
    await commit("one", "head -c 30000000 /dev/urandom");
    const pushed = await host.git(["push", "-q", "origin", "one:agent/one"]);
    expect([pushed.status, pushed.stderr]).toEqual([0, ""]);
    expect(lfs.objects.size).toBe(1);
    expect(lfs.verified).toEqual([...lfs.objects.keys()]);
    expect((await host.git(["clone", "-q", "-b", "agent/one", host.url("acme/thing.git"), "c1"], ".")).stderr).toBe("");
    expect(await host.sh("cmp w/large.bin c1/large.bin")).toBe("");
    await commit("one", "echo next");
    await host.git(["push", "-qf", "origin", "one:agent/one"]);
    expect((await host.git(["fetch", "-q", "origin"], "c1")).status).toBe(0);
    expect((await host.git(["reset", "-q", "--hard", "origin/agent/one"], "c1")).status).toBe(0);
    expect(await host.sh("cat c1/large.bin")).toBe("next");
    expect(host.broker.residentMiB()).toBeLessThan(120);
  });

  test("the tool sees no address, signature or header of the store, and the store no credential of the host", async () => {
    lfs.objects.set(OID, Buffer.from("1\n"));
    const { text } = await batch({ operation: "download", objects: [{ oid: OID, size: 2 }] });
    const href = hrefOf(text, "download");
    expect(href.host).toBe(host.server.host);
    expect(await (await host.ask(href.pathname)).text()).toBe("1\n");
    expect(text).not.toContain("CANARY");
    expect(text).not.toContain(lfs.host);
    expect(await host.sh("grep -ra CANARY c1 w home || true")).toBe("");
    expect(await host.broker.log()).not.toContain("CANARY");
    expect(lfs.asked.length).toBeGreaterThan(0);
    for (const { headers } of lfs.asked) {
      expect(headers["authorization"]).toBeUndefined();
      expect(headers["x-store"]).toBe(STORE_TOKEN);
    }
  });

  test.each([
    { name: "and gives nothing, the credential", object: {}, header: {}, gets: "the credential" },
    { name: "and gives a header, that", object: {}, header: { authorization: "Bearer b" }, gets: "Bearer b" },
    { name: "and says that nothing is wanted, nothing", object: { authenticated: true }, header: {}, gets: "nothing" },
  ])("an upstream that keeps objects itself $name is sent", async ({ object, header, gets }) => {
    const download = { href: `https://${host.server.host}/here/${OID}`, header };
    lfs.alter = () => ({ objects: [{ oid: OID, size: 2, ...object, actions: { download } }] });
    const { text } = await batch({ operation: "download", objects: [{ oid: OID, size: 2 }] });
    lfs.alter = (answer) => answer;
    expect(await (await host.ask(hrefOf(text, "download").pathname)).text()).toBe(gets);
  });

  test("an address of an object is for one repository, one method and one object, and for nobody who guesses", async () => {
    const download = hrefOf(
      (await batch({ operation: "download", objects: [{ oid: OID, size: 2 }] })).text,
      "download",
    );
    const upload = hrefOf(
      (await batch({ operation: "upload", objects: [{ oid: "a".repeat(64), size: 2 }] })).text,
      "upload",
    );
    const asked = lfs.asked.length;
    const other = download.pathname.replace("thing", "other");
    const guessed = `${download.pathname.slice(0, -1)}${download.pathname.endsWith("A") ? "B" : "A"}`;
    const put = (path: string, body: string): Promise<Response> => host.ask(path, { method: "PUT", body });
    for (const answer of [
      await host.ask(other),
      await host.ask(guessed),
      await host.ask(upload.pathname),
      await put(download.pathname, "1\n"),
      await put(upload.pathname, "too long"),
      await host.ask(`${download.pathname}?x=1`),
      await host.ask(`${download.pathname}/x`),
    ]) {
      expect([404, 422]).toContain(answer.status);
    }
    expect(lfs.asked.length).toBe(asked);
    expect((await put(upload.pathname, "2\n")).status).toBe(200);
  });

  test("without broker.lfs a clone leaves the small files, and git-lfs says what is wrong", async () => {
    const cloned = await skipping(["clone", "-q", "-b", "agent/one", host.url("acme/thing.git"), "c2"], ".");
    expect(cloned.status).toBe(0);
    expect(cloned.stderr).toContain("plugin policy: Git LFS is off");
    expect(await host.sh("head -1 c2/large.bin")).toBe("version https://git-lfs.github.com/spec/v1");
    const pulled = await skipping(["lfs", "pull"], "c2");
    expect(pulled.status).not.toBe(0);
    expect(pulled.stderr).toContain("plugin policy: Git LFS is off: broker.lfs is false (git.yaml). Ask the operator");
    await commit("off", "echo off");
    const pushed = await skipping(["push", "origin", "off:agent/off"], "w");
    expect(pushed.status).not.toBe(0);
    expect(pushed.stderr).toContain("plugin policy: Git LFS is off: broker.lfs is false (git.yaml). Ask the operator");
    expect(await host.at("agent/off")).toBe("");
  });

  test("an address that was promised is none any more when broker.lfs is taken back", async () => {
    const { text } = await batch({ operation: "download", objects: [{ oid: OID, size: 2 }] });
    await host.edit(config("lfs: false"));
    const late = await host.ask(hrefOf(text, "download").pathname);
    await on();
    expect([late.status, await late.text()]).toEqual([403, expect.stringContaining("Git LFS is off")]);
    expect((await host.ask(hrefOf(text, "download").pathname)).status).toBe(200);
  });

  test("a remote by SSH has its large files by the broker too", async () => {
    const url = `git@${NAME}:acme/thing.git`;
    expect((await host.git(["clone", "-q", "-b", "agent/one", url, "c3"], ".")).stderr).toBe("");
    expect(await host.sh("cat c3/large.bin; cd c3; echo ssh >large.bin; git commit -qam ssh")).toBe("next");
    expect((await host.git(["push", "-q", "origin", "HEAD:agent/ssh"], "c3")).stderr).toBe("");
    expect(new TextDecoder().decode([...lfs.objects.values()].at(-1))).toBe("ssh\n");
  });

  test("where push is blocked objects are not written, also those that were promised before", async () => {
    const { text } = await batch({ operation: "upload", objects: [{ oid: "b".repeat(64), size: 2 }] });
    await host.edit(config("lfs: true", "rules: { blocked_commands: [push] }\n"));
    const asked = lfs.asked.length;
    const late = await host.ask(hrefOf(text, "upload").pathname, { method: "PUT", body: "1\n" });
    const { status, text: said } = await batch({ operation: "upload", objects: [{ oid: "c".repeat(64), size: 2 }] });
    const { status: read } = await batch({ operation: "download", objects: [{ oid: OID, size: 2 }] });
    await on();
    expect([late.status, status, read]).toEqual([403, 403, 200]);
    expect(said).toContain("push is denied by rules.blocked_commands (git.yaml:4)");
    expect(lfs.asked.length).toBe(asked);
  });

  test("of a repository that is not allowed nothing is read", async () => {
    const { stderr } = await host.git([
      "-c",
      `lfs.url=${host.url("other/thing.git/info/lfs")}`,
      "lfs",
      "push",
      "origin",
      "one",
    ]);
    expect(stderr).toContain('/other/thing" is not in broker.allowed_repos');
  });

  test("locks are shown, and neither made nor removed", async () => {
    expect((await host.git(["lfs", "locks"])).stdout).toMatch(/^other\.bin\s+ana\s+ID:7\n$/);
    for (const args of [
      ["lock", "other.bin"],
      ["unlock", "--id=7"],
      ["unlock", "--force", "--id=7"],
    ]) {
      const { stderr, status } = await host.git(["lfs", ...args]);
      expect(status).not.toBe(0);
      expect(stderr).toContain("plugin policy: files cannot be locked or unlocked from here; ask a person to");
    }
  });

  test("a store that has moved is followed with nothing of what was given for it, and not to whom is near the broker", async () => {
    const ask = async (location: string): Promise<{ status: number; text: string }> => {
      lfs.instead = (request) =>
        request.url.includes("moved")
          ? new Response("moved")
          : new Response("", { status: 302, headers: { location } });
      const { text } = await batch({ operation: "download", objects: [{ oid: OID, size: 2 }] });
      const answer = await host.ask(hrefOf(text, "download").pathname);
      lfs.instead = () => undefined;
      return { status: answer.status, text: await answer.text() };
    };
    expect(await ask(`https://${lfs.host}/moved?x=1`)).toEqual({ status: 200, text: "moved" });
    const last = lfs.asked.at(-1);
    expect(last?.line).toBe("GET /moved?x=1");
    expect(last?.headers["x-store"]).toBeUndefined();
    for (const location of [
      "https://127.0.0.1:1/moved",
      `http://${lfs.host}/moved`,
      "https://metadata.internal/moved",
      "x:y",
    ]) {
      const { status, text } = await ask(location);
      expect([location, status]).toEqual([location, 502]);
      expect(text).not.toContain("CANARY");
    }
  });

  test("what an upstream says is written anew: its errors, its addresses, its words", async () => {
    const asked = {
      operation: "download",
      objects: [
        { oid: "d".repeat(64), size: 2 },
        { oid: OID, size: 2 },
      ],
    };
    const missing = await batch(asked);
    expect(missing.text).toContain('"error":{"code":404,"message":"Object does not exist on the server"}');
    expect(missing.text).not.toContain("CANARY");
    const actions = (href: unknown, header = {}): unknown => ({ download: { href, header } });
    for (const given of [
      actions("https://169.254.169.254/latest"),
      actions("https://localhost/x"),
      actions("https://store/x"),
      actions(`http://${lfs.host}/x`),
      actions(`https://me:pw@${lfs.host}/x`),
      actions("file:///etc/passwd"),
      actions(7),
      actions(`https://${lfs.host}/x`, { "X\r\nY": "z" }),
      actions(`https://${lfs.host}/x`, { X: "a\r\nb: c" }),
    ]) {
      lfs.alter = (answer) => ({ ...answer, objects: [{ oid: OID, size: 2, actions: given }] });
      expect((await batch({ ...asked, objects: [{ oid: OID, size: 2 }] })).text).toContain(
        "to which the broker does not go",
      );
    }
    lfs.alter = (answer) => ({ ...answer, transfer: "tus" });
    expect((await batch(asked)).status).toBe(502);
    lfs.alter = () => ({ objects: "none" });
    expect((await batch(asked)).text).toContain("Object does not exist");
    lfs.alter = (answer) => answer;
    lfs.instead = () =>
      new Response(`bad ${STORE_TOKEN} ${TOKEN}`, { status: 403, headers: { "content-type": "text/plain" } });
    const href = hrefOf((await batch({ ...asked, objects: [{ oid: OID, size: 2 }] })).text, "download");
    const said = await (await host.ask(href.pathname)).text();
    lfs.instead = () => undefined;
    expect(said).toContain("answered 403: bad [secret]");
    expect(said).not.toContain(STORE_TOKEN);
    expect(said).not.toContain(SIGNATURE);
  });

  test("an object that is interrupted goes on where it was", async () => {
    const { text } = await batch({ operation: "download", objects: [{ oid: OID, size: 2 }] });
    lfs.instead = (request) =>
      new Response("\n", {
        status: 206,
        headers: { "content-range": `bytes 1-1/2 ${request.headers.get("range") ?? ""}` },
      });
    const answer = await host.ask(hrefOf(text, "download").pathname, { headers: { range: "bytes=1-" } });
    lfs.instead = () => undefined;
    expect([answer.status, answer.headers.get("content-range")]).toEqual([206, "bytes 1-1/2 bytes=1-"]);
  });

  test.each([
    { name: "no JSON", body: "{" },
    { name: "a list", body: [] },
    { name: "another operation", body: { operation: "delete", objects: [] } },
    { name: "no objects", body: { operation: "download" } },
    { name: "an oid that is a path", body: { operation: "download", objects: [{ oid: "../../x", size: 1 }] } },
    { name: "capitals in an oid", body: { operation: "download", objects: [{ oid: OID.toUpperCase(), size: 1 }] } },
    { name: "a size below zero", body: { operation: "download", objects: [{ oid: OID, size: -1 }] } },
    { name: "no size", body: { operation: "download", objects: [{ oid: OID }] } },
    { name: "another hash", body: { operation: "download", objects: [], hash_algo: "sha512" } },
    { name: "another transfer only", body: { operation: "download", objects: [], transfers: ["tus"] } },
    {
      name: "too many objects",
      body: { operation: "download", objects: Array.from({ length: 1001 }, () => ({ oid: OID, size: 2 })) },
    },
  ])("a request with $name is refused, and goes nowhere", async ({ body }) => {
    const seen = host.server.seen.length;
    const headers = { "content-type": "application/vnd.git-lfs+json" };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await host.ask("/acme/thing.git/info/lfs/objects/batch", { method: "POST", headers, body: text });
    expect([400, 422]).toContain(answer.status);
    expect(await answer.json()).toHaveProperty("message");
    expect(host.server.seen.length).toBe(seen);
  });

  test("as many objects as may be asked for at once are", async () => {
    const objects = Array.from({ length: 1000 }, () => ({ oid: OID, size: 2 }));
    expect((await batch({ operation: "download", objects })).status).toBe(200);
  });

  test.each([
    ["GET", "objects/batch"],
    ["POST", "objects/batch?x=1"],
    ["GET", "objects/4355a46b"],
    ["POST", "verify"],
    ["DELETE", "locks/7"],
    ["GET", "transfer"],
    ["POST", "locks/verify/x"],
  ])("%s of %s is none of the services that pass", async (method, path) => {
    const seen = host.server.seen.length;
    const answer = await host.ask(`/acme/thing.git/info/lfs/${path}`, { method });
    expect([404, 415]).toContain(answer.status);
    expect(host.server.seen.length).toBe(seen);
  });
});
