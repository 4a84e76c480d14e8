import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";

import { checkListed } from "../../plugins/npm/wire/publish.ts";
import { readRoute, type Route } from "../../plugins/npm/wire/route.ts";
import { readNpmTarget } from "../../plugins/npm/wire/target.ts";
import { Refusal } from "../../src/broker/refusal.ts";
import { parseConfig } from "../../src/policy/load.ts";

const CONFIG = parseConfig(
  `plugin: npm
broker:
  registries:
    default: https://registry.example.org/
    "@acme": https://npm.example.com:8443/private/npm
  publish: ["@acme/tool-*", mine]
`,
  "npm.yaml",
);

/** What becomes of a request before the upstream is asked. */
function read(method: string, url: string): Route {
  const route = readRoute({ method, target: readNpmTarget(url, CONFIG) });
  if (route.kind === "publish") {
    checkListed(CONFIG, route.name);
  }
  return route;
}

describe("routes", () => {
  test.each<[string, string, Route]>([
    ["GET", "/left-pad", { kind: "packument", name: "left-pad" }],
    ["GET", "/JSONStream", { kind: "packument", name: "JSONStream" }],
    ["GET", "/left-pad?write=true", { kind: "packument", name: "left-pad" }],
    ["GET", "/@acme%2fa", { kind: "packument", name: "@acme/a" }],
    ["GET", "/@acme%2Fa", { kind: "packument", name: "@acme/a" }],
    ["GET", "/@acme/a", { kind: "packument", name: "@acme/a" }],
    ["GET", "http://broker:8080/a/1.0.0-rc.1", { kind: "manifest", name: "a", version: "1.0.0-rc.1" }],
    ["GET", "/@acme%2fa/latest", { kind: "manifest", name: "@acme/a", version: "latest" }],
    ["GET", "/a/-/a-1.0.0.tgz", { kind: "tarball", name: "a", before: [], file: ["a-1.0.0.tgz"] }],
    ["GET", "/@acme/a/-/a-1.0.0.tgz", { kind: "tarball", name: "@acme/a", before: [], file: ["a-1.0.0.tgz"] }],
    [
      "GET",
      "/@acme/a/-/@acme/a-1.0.0.tgz",
      { kind: "tarball", name: "@acme/a", before: [], file: ["@acme", "a-1.0.0.tgz"] },
    ],
    [
      "GET",
      "/private/npm/@acme/a/-/a-1.tgz",
      { kind: "tarball", name: "@acme/a", before: ["private", "npm"], file: ["a-1.tgz"] },
    ],
    ["GET", "/-/package/@acme%2fa/dist-tags", { kind: "dist-tags", name: "@acme/a" }],
    ["GET", "/-/package/a/dist-tags", { kind: "dist-tags", name: "a" }],
    ["GET", "/-/npm/v1/attestations/@acme%2fa@1.0.0", { kind: "attestations", name: "@acme/a", version: "1.0.0" }],
    ["GET", "/-/npm/v1/keys", { kind: "keys" }],
    ["GET", "/-/v1/search?text=a%20b&size=20&x=1", { kind: "search", query: "text=a+b&size=20" }],
    ["GET", "/-/ping?write=true", { kind: "ping" }],
    ["GET", "/-/whoami", { kind: "whoami" }],
    ["POST", "/-/npm/v1/security/advisories/bulk", { kind: "audit", service: "advisories/bulk" }],
    ["POST", "/-/npm/v1/security/audits/quick", { kind: "audit", service: "audits/quick" }],
    ["PUT", "/@acme%2ftool-x", { kind: "publish", name: "@acme/tool-x" }],
    ["PUT", "/mine", { kind: "publish", name: "mine" }],
  ])("%s %s", (method, url, route) => {
    expect(read(method, url)).toEqual(route);
  });

  test.each([
    ["PUT", "/other"],
    ["PUT", "/@acme/other"],
    ["PUT", "/@acme%252ftool-x"],
    ["PUT", "/@acme%2ftool-x%2fy"],
    ["PUT", "/%40acme%2ftool-x"],
    ["PUT", "/Mine"],
    ["PUT", "/m%69ne"],
    ["PUT", "/mine/"],
    ["PUT", "//mine"],
    ["PUT", "/mine/-rev/1-a"],
    ["PUT", "/mine?x=1"],
    ["PUT", "/mine/-/mine-1.0.0.tgz/-rev/1"],
    ["PUT", "/x/-/mine"],
    ["PUT", "/-/package/mine/dist-tags/latest"],
    ["POST", "/-/package/mine/dist-tags"],
    ["DELETE", "/-/package/mine/dist-tags/next"],
    ["DELETE", "/mine/-rev/1-a"],
    ["DELETE", "/mine/-/mine-1.0.0.tgz/-rev/1-a"],
    ["DELETE", "/mine"],
    ["POST", "/mine"],
    ["PATCH", "/mine"],
    ["HEAD", "/mine"],
    ["POST", "/-/stage/package/mine"],
    ["POST", "/-/package/mine/access"],
    ["GET", "/-/package/mine/access"],
    ["GET", "/-/package/mine/collaborators"],
    ["PUT", "/-/user/org.couchdb.user:me"],
    ["POST", "/-/v1/login"],
    ["GET", "/-/npm/v1/tokens"],
    ["POST", "/-/npm/v1/tokens"],
    ["DELETE", "/-/npm/v1/tokens/token/x"],
    ["GET", "/-/npm/v1/user"],
    ["POST", "/-/npm/v1/user"],
    ["POST", "/-/npm/v1/oidc/token/exchange/package/mine"],
    ["PUT", "/-/org/acme/user"],
    ["PUT", "/-/team/acme/x/package"],
    ["GET", "/-/all"],
    ["GET", "/-/whoami?x=1"],
    ["GET", "/-/verdaccio/data/packages"],
    ["GET", "/_session"],
    ["GET", "/_users/_all_docs"],
    ["GET", "/-a"],
    ["GET", "/a/b/c"],
    ["GET", "/a/1.0.0?x=1"],
    ["GET", "/a?x=1"],
    ["GET", "/a/-/x.zip"],
    ["GET", "/a/-/b/x.tgz"],
    ["GET", "/@acme/a/-/@other/x.tgz"],
    ["GET", "/@acme"],
    ["GET", "/@acme/"],
    ["GET", "/@/a"],
    ["GET", "/a/%2e%2e/b"],
    ["GET", "/a/.../b"],
    ["GET", "/a\\b"],
    ["GET", "/a;b"],
    ["GET", "/ä"],
    ["GET", "/a%00"],
    ["GET", "/"],
    ["GET", ""],
    ["GET", `/${"a".repeat(300)}`],
  ])("%s %s is none", (method, url) => {
    expect(() => read(method, url)).toThrow(Refusal);
  });

  test("a scope has a registry of its own, and all others the default one", () => {
    expect(readNpmTarget("/@acme%2fa", CONFIG).host).toBe("npm.example.com:8443");
    expect(readNpmTarget("/@Acme/a", CONFIG).host).toBe("registry.example.org");
    expect(readNpmTarget("/@acme-b/a", CONFIG).host).toBe("registry.example.org");
    expect(readNpmTarget("/a/-/a.tgz", CONFIG).host).toBe("registry.example.org");
    const scoped = parseConfig(
      'plugin: npm\nbroker: { registries: { "@acme": "https://npm.example.com" } }\n',
      "npm.yaml",
    );
    expect(readNpmTarget("/@acme/a", scoped).host).toBe("npm.example.com");
    expect(() => readNpmTarget("/a", scoped)).toThrow('broker.registries has no registry for "a" (npm.yaml)');
  });
});

describe("whatever is asked", () => {
  const part = fc.oneof(
    fc.constantFrom(
      "-",
      "-rev",
      "@acme",
      "mine",
      "tool-x",
      "%2f",
      "%2F",
      "%252f",
      "%40",
      "package",
      "npm",
      "v1",
      "user",
    ),
    fc.string({ maxLength: 8 }),
    fc.string({ unit: "grapheme", maxLength: 4 }),
  );
  const path = fc
    .tuple(fc.array(part, { maxLength: 7 }), fc.constantFrom("/", "", "//", "%2f"))
    .map(([parts, joint]) => `/${parts.join(joint)}`);
  const method = fc.constantFrom("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD");

  test("it is a route or a refusal, and never another error", () => {
    fc.assert(
      fc.property(method, path, (verb, url) => {
        try {
          read(verb, url);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("only PUT of a listed name changes something, and the name is the one that goes on", () => {
    fc.assert(
      fc.property(method, path, (verb, url) => {
        let route: Route;
        try {
          route = read(verb, url);
        } catch {
          return;
        }
        const isListed = route.kind === "publish" && /^(?:mine|@acme\/tool-[\w.~-]*)$/.test(route.name);
        expect(route.kind === "publish" ? isListed && verb === "PUT" : verb === "GET" || route.kind === "audit").toBe(
          true,
        );
      }),
      { numRuns: 3000 },
    );
  });

  test("no spelling of a name that is not listed is published", () => {
    const spell = (letter: string): fc.Arbitrary<string> =>
      fc.constantFrom(
        letter,
        letter.toUpperCase(),
        encodeURIComponent(letter),
        `%${letter.charCodeAt(0).toString(16)}`,
        `%25${letter.charCodeAt(0).toString(16)}`,
        String.fromCodePoint(0xff_00 + letter.charCodeAt(0) - 0x20),
      );
    const spelled = fc.tuple(...Array.from("@acme/secret", spell)).map((letters) => `/${letters.join("")}`);
    fc.assert(
      fc.property(spelled, (url) => {
        expect(() => read("PUT", url)).toThrow(Refusal);
      }),
      { numRuns: 3000 },
    );
  });
});
