import { isObject, Refusal, type JsonObject } from "../../../../src/broker/plugin.ts";
import { refProblem } from "../ref-name.ts";

/** One large file, by the SHA-256 of its content. */
export interface LfsObject {
  readonly oid: string;
  readonly size: number;
}

/** What the tool asks of the batch API. */
export interface BatchRequest {
  readonly operation: "download" | "upload";
  readonly objects: readonly LfsObject[];
  readonly ref: string | undefined;
}

/** The most objects of one request. git-lfs asks for 100. */
export const MAX_OBJECTS = 1000;

/** @throws {Refusal} `lfs` */
export function readBatch({ operation, objects, ref, hash_algo: hash, transfers }: JsonObject): BatchRequest {
  if (operation !== "download" && operation !== "upload") {
    throw invalid("its operation is neither download nor upload");
  }
  if ((hash ?? "sha256") !== "sha256" || (Array.isArray(transfers) && !transfers.includes("basic"))) {
    throw invalid("it wants another hash than sha256 or another way of transfer than basic");
  }
  if (!Array.isArray(objects) || objects.length > MAX_OBJECTS) {
    throw invalid(`it has no list of at most ${MAX_OBJECTS} objects`);
  }
  const name = isObject(ref) ? ref["name"] : undefined;
  return {
    operation,
    objects: objects.map(readObject),
    ref: typeof name === "string" && refProblem(name) === undefined ? name : undefined,
  };
}

function readObject(value: unknown): LfsObject {
  const { oid, size } = isObject(value) ? value : {};
  if (typeof oid !== "string" || !/^[0-9a-f]{64}$/.test(oid) || !Number.isSafeInteger(size) || Number(size) < 0) {
    throw invalid("one of its objects has no oid of SHA-256 or no size");
  }
  return { oid, size: Number(size) };
}

/** The request anew, with what was understood of it. */
export function encodeBatch({ operation, objects, ref }: BatchRequest): JsonObject {
  return {
    operation,
    transfers: ["basic"],
    ...(ref === undefined ? {} : { ref: { name: ref } }),
    objects,
    hash_algo: "sha256",
  };
}

function invalid(why: string): Refusal {
  return new Refusal(422, "lfs", `plugin policy: this request of Git LFS cannot be read: ${why}`);
}
