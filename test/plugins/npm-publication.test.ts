import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";

import { readPublication } from "../../plugins/npm/wire/publication.ts";
import { Refusal } from "../../src/broker/refusal.ts";

const NAME = "@acme/tool";
const FILE = gzipSync("a package");
const RULES = { name: NAME, registry: "https://registry.example.org/", mayBePublic: true };

interface Document {
  [key: string]: unknown;
}

/** What npm sends for a version of a package, with changes. */
function document(changes: Document = {}, manifest: Document = {}, file: Document = {}): Document {
  return {
    _id: NAME,
    name: NAME,
    description: "a tool",
    "dist-tags": { latest: "1.2.0" },
    versions: {
      "1.2.0": {
        name: NAME,
        version: "1.2.0",
        _id: `${NAME}@1.2.0`,
        scripts: { test: "true" },
        dist: {
          integrity: `sha512-${createHash("sha512").update(FILE).digest("base64")}`,
          shasum: createHash("sha1").update(FILE).digest("hex"),
          tarball: "http://broker:8080/@acme/tool/-/@acme/tool-1.2.0.tgz",
        },
        ...manifest,
      },
    },
    access: "public",
    _attachments: {
      [`${NAME}-1.2.0.tgz`]: {
        content_type: "application/octet-stream",
        data: FILE.toString("base64"),
        length: FILE.length,
        ...file,
      },
    },
    ...changes,
  };
}

const read = (given: Document): unknown => readPublication(given, RULES);

test("readPublication() writes anew what npm sends, with the address at the registry", () => {
  const { version, tag, body } = readPublication(document(), RULES);
  expect([version, tag]).toEqual(["1.2.0", "latest"]);
  const expected = structuredClone(document()) as { versions: Record<string, { dist: Document }> };
  const dist = expected.versions["1.2.0"]?.dist;
  Object.assign(dist ?? {}, { tarball: "http://registry.example.org/@acme/tool/-/@acme/tool-1.2.0.tgz" });
  expect(JSON.parse(new TextDecoder().decode(body))).toEqual(expected);
});

describe("readPublication() refuses", () => {
  const one = (document()["versions"] as Document)["1.2.0"];
  test.each<[string, Document]>([
    ["no document at all", {}],
    ["another name", document({ name: "@acme/other" })],
    ["another _id", document({ _id: "@acme/other" })],
    ["maintainers", document({ maintainers: [{ name: "mallory" }] })],
    ["a revision", document({ _rev: "1-a" })],
    ["no version", document({ versions: {} })],
    ["two versions", document({ versions: { "1.2.0": one, "1.3.0": one } })],
    ["versions as a list", document({ versions: [one] })],
    ["a version that is none", document({ versions: { latest: one } })],
    ["build metadata", document({ versions: { "1.2.0+a": one } })],
    ["another version in the manifest", document({}, { version: "1.2.1" })],
    ["another name in the manifest", document({}, { name: "@acme/other" })],
    ["another _id in the manifest", document({}, { _id: "@acme/other@1.2.0" })],
    ["a deprecation", document({}, { deprecated: "no" })],
    ["no file", document({ _attachments: {} })],
    ["two files", document({ _attachments: { a: {}, b: {} } })],
    ["another file", document({ _attachments: { "tool-1.2.0.tgz": { data: "", length: 0 } } })],
    ["another length", document({}, {}, { length: 1 })],
    ["data that are none", document({}, {}, { data: 1 })],
    ["base64 in another spelling", document({}, {}, { data: `${FILE.toString("base64")}\n` })],
    ["a file that is not gzip", document({}, {}, { data: "AAAA", length: 3 })],
    ["another checksum", document({}, { dist: { integrity: "sha512-AAAA", shasum: "00" } })],
    ["no checksum", document({}, { dist: {} })],
    ["no tag", document({ "dist-tags": {} })],
    ["two tags", document({ "dist-tags": { latest: "1.2.0", next: "1.2.0" } })],
    ["a tag of another version", document({ "dist-tags": { latest: "1.1.0" } })],
    ["a tag like a version", document({ "dist-tags": { "v1.0": "1.2.0" } })],
    ["an access that there is not", document({ access: "everybody" })],
  ])("%s", (_, given) => {
    expect(() => read(given)).toThrow(Refusal);
  });
});

test("readPublication() lets a package with a scope be public only where the config does", () => {
  const closed = { ...RULES, mayBePublic: false };
  expect(() => readPublication(document(), closed)).toThrow("broker.publish_public");
  for (const access of ["restricted", null]) {
    expect(readPublication(document({ access }), closed).tag).toBe("latest");
  }
});

test("readPublication() throws nothing but refusals, whatever is in the place of something", () => {
  const keys = ["_id", "name", "versions", "dist-tags", "_attachments", "access", "description", "__proto__", "other"];
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), fc.jsonValue(), (key, value, dist) => {
      const given = JSON.parse(JSON.stringify(document({}, { dist }))) as Document;
      Object.defineProperty(given, key, { value, enumerable: true });
      try {
        read(given);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
    }),
    { numRuns: 1000 },
  );
});
