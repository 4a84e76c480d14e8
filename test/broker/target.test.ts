import { expect, test } from "bun:test";

import { SEGMENT } from "../../plugins/git/wire/route.ts";
import { readRoute } from "../../plugins/git/wire/route.ts";
import { Refusal } from "../../src/broker/refusal.ts";
import { readTarget } from "../../src/broker/target.ts";

test("readTarget() takes a URL apart", () => {
  expect(readTarget("http://broker:8080/GitHub.com/acme/thing.git/info/refs?service=x", SEGMENT)).toEqual({
    host: "github.com",
    segments: ["acme", "thing.git", "info", "refs"],
    query: "service=x",
  });
  expect(readTarget("/git@127.0.0.1:8443/a/b", SEGMENT)).toMatchObject({
    host: "127.0.0.1:8443",
    segments: ["a", "b"],
  });
  expect(readTarget("/github.com:443/a", SEGMENT)).toMatchObject({ host: "github.com" });
});

test.each([
  "/",
  "//github.com/a/b",
  "/github.com",
  "/github.com/",
  "/github.com//a",
  "/github.com/a//b",
  "/github.com/a/",
  "/github.com/./a",
  "/github.com/../a",
  "/github.com/a/%2e%2e/b",
  "/github.com/a%2fb",
  "/github.com/a%00b",
  "/github.com/a;b",
  "/github.com/a\\b",
  "/github.com/a b",
  "/github.com/a:b",
  "/github.com/@a/b",
  "/github.com/a#b",
  "/github.com/a?b#c",
  "/user:pass@github.com/a/b",
  "/user:@github.com/a/b",
  "/github.com@evil.com:80@x/a",
  "/github..com/a",
  "/-/a",
  "/.git/a",
  "/github.com:99999999/a",
  "/git hub.com/a",
  "/g%69thub.com/a",
  "ftp://x/github.com/a",
  `/github.com/${"a/".repeat(3000)}b`,
  "",
])("readTarget() refuses %j", (url) => {
  expect(() => readTarget(url, SEGMENT)).toThrow(Refusal);
});

const headers = (service: string): Headers => new Headers({ "content-type": `application/x-${service}-request` });
const route = (method: string, url: string, given = new Headers()): unknown =>
  readRoute({ method, target: readTarget(url, SEGMENT), headers: given });

test("readRoute() knows the three routes of git", () => {
  const repository = { host: "github.com", path: "acme/thing.git" };
  expect(route("GET", "/github.com/acme/thing.git/info/refs?service=git-upload-pack")).toEqual({
    kind: "refs",
    service: "git-upload-pack",
    repository,
  });
  for (const service of ["git-upload-pack", "git-receive-pack"]) {
    expect(route("POST", `/github.com/acme/thing.git/${service}`, headers(service))).toEqual({
      kind: "rpc",
      service,
      repository,
    });
  }
});

test.each([
  ["GET", "/github.com/a/b/info/refs"],
  ["GET", "/github.com/a/b/info/refs?service="],
  ["GET", "/github.com/a/b/info/refs?service=git-upload-archive"],
  ["GET", "/github.com/a/b/info/refs?service=git-upload-pack&service=git-receive-pack"],
  ["GET", "/github.com/a/b/info/refs?service=git-receive-pack&x=1"],
  ["GET", "/github.com/a/b/info/refs?x=1&service=git-upload-pack"],
  ["GET", "/github.com/a/b/info/refs?Service=git-upload-pack"],
  ["GET", "/github.com/a/b/info/refs?service=git%2dupload-pack"],
  ["HEAD", "/github.com/a/b/info/refs?service=git-upload-pack"],
  ["POST", "/github.com/a/b/info/refs?service=git-upload-pack"],
  ["GET", "/github.com/info/refs?service=git-upload-pack"],
  ["GET", "/github.com/a/.git/info/refs?service=git-upload-pack"],
  ["GET", "/github.com/a.git/b/info/refs?service=git-upload-pack"],
  ["GET", "/github.com/a/b/HEAD"],
  ["GET", "/github.com/a/b/objects/info/packs"],
  ["GET", "/github.com/a/b/git-upload-pack"],
  ["PUT", "/github.com/a/b/git-receive-pack"],
  ["PROPFIND", "/github.com/a/b"],
  ["POST", "/github.com/a/b/git-upload-archive"],
  ["POST", "/github.com/a/b/info/lfs/objects/batch"],
  ["POST", "/api.github.com/graphql"],
  ["POST", "/github.com/a/b/git-receive-pack?x=1"],
  ["POST", "/github.com/a/b/git-receive-pack"],
  ["POST", "/github.com/git-upload-pack"],
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
    expect(() => route("POST", "/github.com/a/b/git-receive-pack", new Headers({ "content-type": type }))).toThrow(
      Refusal,
    );
  }
});
