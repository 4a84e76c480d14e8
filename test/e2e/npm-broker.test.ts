import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";

import { HEAD, NpmHost, READING } from "../helpers/npm-host.ts";
import { findVerdaccio } from "../helpers/npm-registry.ts";

setDefaultTimeout(120_000);

const verdaccio = await findVerdaccio();

const PUBLISHING = `${HEAD}broker: { registries: { default: "{url}", "@acme": "{url}" }, publish: ["@acme/*", mine], publish_public: true, whoami: true }\n`;
const TREE = JSON.stringify({ name: "app", version: "1.0.0", dependencies: { one: "^1.0.0", "@acme/two": "2.0.0" } });

describe.skipIf(verdaccio === undefined)("npm's broker in front of a registry that wants a token", () => {
  // One registry, one broker, the real npm.
  let host: NpmHost;
  beforeAll(async () => {
    host = await NpmHost.start(verdaccio ?? "");
    const { registry } = host;
    await registry.publish({ name: "three", version: "3.0.0" }, { "index.js": "module.exports = 3;\n" });
    await registry.publish({ name: "@acme/two", version: "2.0.0", dependencies: { three: "*" } });
    await registry.publish(
      { name: "one", version: "1.0.0", dependencies: { three: "^3.0.0" }, scripts: { postinstall: "touch ran" } },
      { "index.js": "" },
    );
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });

  test("an install brings a tree, and the same lock as without a broker", async () => {
    await host.project("direct", { "package.json": TREE });
    await host.project("behind", { "package.json": TREE });
    expect((await host.direct("direct", "install", "--no-audit")).status).toBe(0);
    const { stderr, status } = await host.npm("behind", "install", "--no-audit");
    expect(stderr).not.toContain("npm error");
    expect(status).toBe(0);
    const lock = await host.read("behind/package-lock.json");
    expect(lock).toBe(await host.read("direct/package-lock.json"));
    expect(lock).toContain(`"resolved": "${host.registry.url}@acme/two/-/two-2.0.0.tgz"`);
    expect(existsSync(`${host.folder}/behind/node_modules/one/ran`)).toBe(true);
    expect(await host.read("behind/node_modules/three/index.js")).toBe("module.exports = 3;\n");
  });

  test("npm ci takes the files of a lock from the broker, and changes no byte of it", async () => {
    const lock = await host.read("direct/package-lock.json");
    await host.project("ci", { "package.json": TREE, "package-lock.json": lock });
    expect((await host.npm("ci", "ci", "--no-audit")).status).toBe(0);
    expect(await host.read("ci/package-lock.json")).toBe(lock);
    expect(existsSync(`${host.folder}/ci/node_modules/@acme/two`)).toBe(true);
  });

  test("scripts are left alone where the config says so", async () => {
    await host.edit(`${READING}ignore_scripts: true\n`);
    await host.project("still", { "package.json": TREE });
    expect((await host.npm("still", "install", "--no-audit")).status).toBe(0);
    expect(existsSync(`${host.folder}/still/node_modules/one/package.json`)).toBe(true);
    expect(existsSync(`${host.folder}/still/node_modules/one/ran`)).toBe(false);
    await host.edit(READING);
  });

  test("a project's own .npmrc changes neither where npm asks nor with what", async () => {
    const npmrc = "registry=http://127.0.0.1:9/\n@acme:registry=http://127.0.0.1:9/\nreplace-registry-host=never\n";
    await host.edit(`${HEAD}broker: { registries: { default: "{url}", "@acme": "{url}" } }\n`);
    await host.project("own", { "package.json": TREE, ".npmrc": npmrc });
    expect((await host.npm("own", "install", "--no-audit")).stderr).not.toContain("npm error");
    expect(await host.read("own/package-lock.json")).toContain("two-2.0.0.tgz");
    await host.edit(READING);
  });

  test("view, dist-tag ls, search, ping and a version that is not there", async () => {
    await host.project("asks", { "package.json": "{}" });
    expect((await host.npm("asks", "view", "@acme/two", "dependencies.three")).stdout).toBe("*\n");
    expect((await host.npm("asks", "dist-tag", "ls", "one")).stdout).toBe("latest: 1.0.0\n");
    expect((await host.npm("asks", "ping")).status).toBe(0);
    expect((await host.npm("asks", "view", "gone")).stderr).toContain("npm error code E404");
    expect((await host.npm("asks", "view", "one@9", "version")).stdout).toBe("");
  });

  test.each([
    [["publish"], '"mine" is not in broker.publish (git.yaml)'],
    [["unpublish", "--force", "one@1.0.0"], "npm unpublish"],
    [["deprecate", "one", "no"], '"one" is not in broker.publish'],
    [["dist-tag", "add", "one@1.0.0", "next"], "npm dist-tag does not pass here"],
    [["owner", "add", "mallory", "one"], "does not pass here"],
    [["access", "set", "status=public", "@acme/two"], "npm access does not pass here"],
    [["token", "list"], "npm token does not pass here"],
    [["profile", "get"], "npm profile does not pass here"],
    [["whoami"], "broker.whoami is false"],
    [["star", "one"], "broker.whoami is false"],
    [["logout"], "npm login, logout or owner does not pass here"],
    [["team", "ls", "acme"], "npm org or npm team does not pass here"],
  ])("npm %p is refused, and npm prints the rule", async (args, words) => {
    await host.project("mine", { "package.json": JSON.stringify({ name: "mine", version: "1.0.0" }) });
    const { stderr, status } = await host.npm("mine", ...args);
    expect(status).not.toBe(0);
    expect(stderr).toContain("npm error 403");
    expect(stderr).toContain("plugin policy: ");
    expect(stderr).toContain(words);
    expect(await versions(host, "mine")).toEqual([]);
  });

  test("what broker.publish lists is published, once, and nothing else", async () => {
    await host.edit(PUBLISHING);
    await host.project("mine", { "package.json": JSON.stringify({ name: "mine", version: "1.0.0" }), "a.js": "1" });
    expect((await host.npm("mine", "publish", "--tag", "next")).stderr).not.toContain("npm error");
    expect(await versions(host, "mine")).toEqual(["1.0.0"]);
    const again = await host.npm("mine", "publish");
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("npm error")]);
    await host.project("new", { "package.json": JSON.stringify({ name: "@acme/new", version: "0.1.0-rc.1" }) });
    expect((await host.npm("new", "publish", "--tag=rc", "--access=public")).status).toBe(0);
    expect(await versions(host, "@acme%2fnew")).toEqual(["0.1.0-rc.1"]);
    await host.project("other", { "package.json": JSON.stringify({ name: "other", version: "1.0.0" }) });
    expect((await host.npm("other", "publish")).stderr).toContain('"other" is not in broker.publish');
    expect((await host.npm("mine", "deprecate", "mine", "no")).stderr).toContain(
      "plugin policy: this is not the publication",
    );
    expect((await host.npm("mine", "whoami")).stdout).toBe("robot\n");
    const published = (await host.broker.entries()).filter(({ package: name }) => name !== undefined);
    expect(published[0]).toMatchObject({ decision: "allow", package: "mine@1.0.0", tag: "next", upstream: 201 });
    await host.edit(READING);
  });

  test("a published package installs with the checksum that npm computed", async () => {
    await host.project("uses", { "package.json": JSON.stringify({ dependencies: { mine: "next" } }) });
    expect((await host.npm("uses", "install", "--no-audit")).status).toBe(0);
    expect(await host.read("uses/node_modules/mine/a.js")).toBe("1");
  });

  test("a large file passes in a stream, with the broker's memory flat", async () => {
    const noise = crypto.getRandomValues(new Uint8Array(65_536));
    const large = new Uint8Array(30 * 1024 * 1024).map((_, index) => (noise[index % 65_536] ?? 0) ^ (index >> 16));
    await host.registry.publish({ name: "large", version: "1.0.0" }, { "large.bin": large });
    const before = host.broker.residentMiB();
    for (let count = 0; count < 6; count++) {
      const answer = await fetch(`${host.broker.url}/large/-/large-1.0.0.tgz`);
      expect((await answer.bytes()).length).toBeGreaterThan(1024 * 1024);
    }
    expect(host.broker.residentMiB()).toBeLessThan(Math.max(120, before));
  });

  test("the credential is in no answer, no log and no file of the tool", async () => {
    const { registry, broker } = host;
    expect(registry.token.length).toBeGreaterThan(20);
    expect(await broker.log()).not.toContain(registry.token);
    const { stdout } = await host.npm("asks", "config", "ls", "-l");
    expect(stdout).not.toContain(registry.token);
  });

  test("a token that is refused is named in npm's own output and in the health report", async () => {
    await Bun.write(`${host.broker.secrets}/token`, "CANARY-wrong-token");
    const says = `${host.registry.host} answered 401: the token in secrets/token was refused`;
    const { stderr } = await host.npm("asks", "view", "three");
    expect(stderr).toContain(says);
    expect((await host.broker.health()).problems).toEqual([says]);
    expect(await host.broker.log()).not.toContain("CANARY");
    await Bun.write(`${host.broker.secrets}/token`, host.registry.token);
    expect((await host.npm("asks", "view", "three", "version")).stdout).toBe("3.0.0\n");
    expect((await host.broker.health()).problems).toEqual([]);
  });
});

/** What the registry itself has of a package. */
async function versions({ registry }: NpmHost, name: string): Promise<string[]> {
  const answer = await fetch(registry.url + name, { headers: { authorization: `Bearer ${registry.token}` } });
  return answer.ok ? Object.keys(((await answer.json()) as { versions: object }).versions) : [];
}
