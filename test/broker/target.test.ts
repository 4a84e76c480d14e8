import { expect, test } from "bun:test";

import { readRoute } from "../../plugins/git/wire/route.ts";
import { readGitTarget, SEGMENT } from "../../plugins/git/wire/target.ts";
import { parseConfig } from "../../src/policy/load.ts";
import { Refusal } from "../../src/broker/refusal.ts";
import { readTarget } from "../../src/broker/target.ts";

test("readTarget() takes a URL apart", () => {
  expect(readTarget("http://GitHub.com/acme/thing.git/info/refs?service=x", SEGMENT)).toEqual({
    host: "github.com",
    segments: ["acme", "thing.git", "info", "refs"],
    query: "service=x",
  });
  expect(readTarget("http://127.0.0.1:8443/a/b", SEGMENT)).toMatchObject({
    host: "127.0.0.1:8443",
    segments: ["a", "b"],
  });
  expect(readTarget("http://github.com:443/a", SEGMENT)).toMatchObject({ host: "github.com" });
  expect(readTarget("https://github.com/a", SEGMENT)).toMatchObject({ host: "github.com" });
});

test.each([
  "",
  "/",
  "/a/b",
  "//github.com/a/b",
  "http:///a/b",
  "http://github.com",
  "http://github.com/",
  "http://github.com//a",
  "http://github.com/a//b",
  "http://github.com/a/",
  "http://github.com/./a",
  "http://github.com/../a",
  "http://github.com/a/%2e%2e/b",
  "http://github.com/a%2fb",
  "http://github.com/a%00b",
  "http://github.com/a;b",
  "http://github.com/a\\b",
  "http://github.com/a b",
  "http://github.com/a:b",
  "http://github.com/@a/b",
  "http://github.com/a#b",
  "http://github.com/a?b#c",
  "http://user:pass@github.com/a/b",
  "http://user@github.com/a/b",
  "http://github.com@evil.com:80@x/a",
  "http://github..com/a",
  "http://-/a",
  "http://.git/a",
  "http://[::1]/a",
  "http://github.com:99999999/a",
  "http://git hub.com/a",
  "http://g%69thub.com/a",
  "ftp://github.com/a",
  `http://github.com/${"a/".repeat(3000)}b`,
])("readTarget() refuses %j", (url) => {
  expect(() => readTarget(url, SEGMENT)).toThrow(Refusal);
});

test("readGitTarget() knows the port of an allowed host's SSH server, and takes no other port for it", () => {
  const config = parseConfig("plugin: git\nbroker: { allowed_repos: ['git.local:8443/*'] }\n", "git.yaml");
  const hostOf = (url: string): string => readGitTarget(url, config).host;
  expect(hostOf("http://git.local.ssh:2222/a/b")).toBe("git.local:8443");
  for (const host of ["git.local", "git.local:2222", "git.local:8443", "other.ssh:2222", "git.local.ssh"]) {
    expect(hostOf(`http://${host}/a/b`)).toBe(host);
  }
});

const headers = (service: string): Headers => new Headers({ "content-type": `application/x-${service}-request` });
const route = (method: string, url: string, given = new Headers()): unknown =>
  readRoute({ method, target: readTarget(url, SEGMENT), headers: given });

test("readRoute() knows the three routes of git", () => {
  const repository = { host: "github.com", path: "acme/thing.git" };
  expect(route("GET", "http://github.com/acme/thing.git/info/refs?service=git-upload-pack")).toEqual({
    kind: "refs",
    service: "git-upload-pack",
    repository,
  });
  for (const service of ["git-upload-pack", "git-receive-pack"]) {
    expect(route("POST", `http://github.com/acme/thing.git/${service}`, headers(service))).toEqual({
      kind: "rpc",
      service,
      repository,
    });
  }
});

test.each([
  ["GET", "http://github.com/a/b/info/refs"],
  ["GET", "http://github.com/a/b/info/refs?service="],
  ["GET", "http://github.com/a/b/info/refs?service=git-upload-archive"],
  ["GET", "http://github.com/a/b/info/refs?service=git-upload-pack&service=git-receive-pack"],
  ["GET", "http://github.com/a/b/info/refs?service=git-receive-pack&x=1"],
  ["GET", "http://github.com/a/b/info/refs?x=1&service=git-upload-pack"],
  ["GET", "http://github.com/a/b/info/refs?Service=git-upload-pack"],
  ["GET", "http://github.com/a/b/info/refs?service=git%2dupload-pack"],
  ["HEAD", "http://github.com/a/b/info/refs?service=git-upload-pack"],
  ["POST", "http://github.com/a/b/info/refs?service=git-upload-pack"],
  ["GET", "http://github.com/info/refs?service=git-upload-pack"],
  ["GET", "http://github.com/a/.git/info/refs?service=git-upload-pack"],
  ["GET", "http://github.com/a.git/b/info/refs?service=git-upload-pack"],
  ["GET", "http://github.com/a/b/HEAD"],
  ["GET", "http://github.com/a/b/objects/info/packs"],
  ["GET", "http://github.com/a/b/git-upload-pack"],
  ["PUT", "http://github.com/a/b/git-receive-pack"],
  ["PROPFIND", "http://github.com/a/b"],
  ["POST", "http://github.com/a/b/git-upload-archive"],
  ["POST", "http://github.com/a/b/info/lfs/objects/batch"],
  ["POST", "http://api.github.com/graphql"],
  ["POST", "http://github.com/a/b/git-receive-pack?x=1"],
  ["POST", "http://github.com/a/b/git-receive-pack"],
  ["POST", "http://github.com/git-upload-pack"],
])("readRoute() refuses %s %s", (method, url) => {
  expect(() => route(method, url, new Headers({ "content-type": "application/x-git-upload-pack-request" }))).toThrow(
    Refusal,
  );
});

test("readRoute() wants the one type of the service", () => {
  for (const type of [
    "text/plain",
    "application/x-git-receive-pack-request; a=b",
    "",
    "application/x-git-receive-pack-request, x",
  ]) {
    expect(() =>
      route("POST", "http://github.com/a/b/git-receive-pack", new Headers({ "content-type": type })),
    ).toThrow(Refusal);
  }
});
