import { createHash } from "node:crypto";

import { isObject, Refusal, type JsonObject } from "../../../src/broker/plugin.ts";
import { quote } from "../../../src/policy/printable.ts";

/** One version of a package on its way to the registry. */
export interface Publication {
  readonly version: string;
  readonly tag: string;
  /** The document for the registry. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What a publication is held against. */
export interface PublicationRules {
  /** That of the path. */
  readonly name: string;
  /** The address of the registry, with a slash at its end. */
  readonly registry: string;
  /** Whether a package with a scope may ask for that. */
  readonly mayBePublic: boolean;
}

/**
 * Reads the document with which npm publishes (libnpmpublish, publish.js; "PUT /{package}" of the registry API): one
 * version, one tag that points to it, and one file, all of them of this package. Only then it is a publication: the
 * same address without a file deprecates, with maintainers changes owners.
 *
 * @throws {Refusal} `document`
 */
export function readPublication(document: JsonObject, { name, registry, mayBePublic }: PublicationRules): Publication {
  const odd = Object.keys(document).find((key) => !KEYS.has(key));
  must(odd === undefined, `it has ${quote(odd ?? "", 40)}, which a publication by npm 9 or later does not have`);
  must(document["name"] === name && document["_id"] === name, `its name is not ${quote(name, 120)}`);
  const [version, manifest] = only(document["versions"], "version");
  must(version.length <= 256 && SEMVER.test(version), `${quote(version, 60)} is no version`);
  must(isObject(manifest), "its version is no object");
  must(manifest["name"] === name && manifest["version"] === version, "its manifest is of another package or version");
  must(manifest["_id"] === `${name}@${version}`, "its manifest has another _id");
  must(manifest["deprecated"] === undefined, "its manifest is deprecated");
  const [tag, tagged] = only(document["dist-tags"], "tag");
  must(TAG.test(tag) && !/^v?\d/.test(tag), `${quote(tag, 60)} is no tag`);
  must(tagged === version, "its tag points to another version");
  const access = document["access"] ?? null;
  must(
    access === null || access === "public" || access === "restricted",
    "its access is neither public nor restricted",
  );
  must(
    access !== "public" || mayBePublic || !name.startsWith("@"),
    "it asks to be public, which broker.publish_public would have to allow; publish without --access",
  );
  const [fileName, file] = only(document["_attachments"], "file");
  must(fileName === `${name}-${version}.tgz`, `its file is not ${quote(`${name}-${version}.tgz`, 120)}`);
  const data = dataOf(file);
  const { description } = document;
  const written = {
    _id: name,
    name,
    ...(typeof description === "string" ? { description } : {}),
    "dist-tags": { [tag]: version },
    versions: { [version]: { ...manifest, dist: distOf(manifest, data, `${registry}${name}/-/${fileName}`) } },
    access,
    _attachments: {
      [fileName]: {
        content_type: "application/octet-stream",
        data: data.toString("base64"),
        length: data.length,
      },
    },
  };
  return { version, tag, body: new TextEncoder().encode(JSON.stringify(written)) };
}

const KEYS: ReadonlySet<string> = new Set([
  "_id",
  "name",
  "description",
  "dist-tags",
  "versions",
  "access",
  "_attachments",
]);
/** The grammar of semver.org, without what is behind a plus: registries drop it, which makes it a second spelling. */
const SEMVER =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*)?$/;
const TAG = /^[A-Za-z][\w.-]{0,127}$/;

/** The bytes of the file, whose spelling is the only one that they have. */
function dataOf(file: unknown): Buffer {
  must(isObject(file) && typeof file["data"] === "string", "its file has no data");
  const data = Buffer.from(file["data"], "base64");
  must(data.toString("base64") === file["data"], "the data of its file is not in base64");
  must(file["length"] === data.length, "its file has another length than it says");
  must(data[0] === 0x1f && data[1] === 0x8b, "its file is not gzip");
  return data;
}

/** What the manifest says of the file, made from the file itself; what it says of something else does not pass. */
function distOf({ dist }: JsonObject, data: Buffer, address: string): JsonObject {
  const integrity = `sha512-${createHash("sha512").update(data).digest("base64")}`;
  const shasum = createHash("sha1").update(data).digest("hex");
  const said = isObject(dist) ? dist : {};
  must(said["integrity"] === integrity && said["shasum"] === shasum, "the checksums are not those of its file");
  // As npm itself writes it.
  return { integrity, shasum, tarball: address.replace(/^https:/, "http:") };
}

/** The one entry of a map. */
function only(value: unknown, what: string): [string, unknown] {
  const entries = isObject(value) ? Object.entries(value) : [];
  const [entry] = entries;
  must(entry !== undefined && entries.length === 1, `it has ${entries.length} ${what}s, and must have one`);
  return entry;
}

function must(isSo: boolean, problem: string): asserts isSo {
  if (!isSo) {
    throw new Refusal(
      403,
      "document",
      `plugin policy: this is not the publication of one version of one package: ${problem}. Only npm publish passes`,
    );
  }
}
