import { Budget, Refusal } from "../../../../src/broker/plugin.ts";

/** The type of every document of the API. */
export const LFS_TYPE = "application/vnd.git-lfs+json";

/** The object of a JSON document. */
export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_BYTES = 4 * 1024 * 1024;
const memory = new Budget(8 * MAX_BYTES, "other documents of Git LFS are being looked at");

/**
 * Reads a document of either side, of at most 4 MiB.
 *
 * @throws {Refusal} `lfs`, `limits`
 */
export async function readDocument(body: ReadableStream<Uint8Array> | undefined): Promise<JsonObject> {
  let heldBytes = 0;
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body ?? []) {
      memory.take(chunk.length);
      heldBytes += chunk.length;
      if (heldBytes > MAX_BYTES) {
        throw new Refusal(413, "limits", `The document has more than ${MAX_BYTES / 1024 / 1024} MiB`);
      }
      chunks.push(chunk);
    }
    return parse(Buffer.concat(chunks));
  } finally {
    memory.giveBack(heldBytes);
  }
}

/** A document of the API, for git-lfs. */
export function lfsResponse(document: JsonObject, status = 200): Response {
  return new Response(JSON.stringify(document), {
    status,
    headers: { "content-type": LFS_TYPE, "cache-control": "no-store" },
  });
}

/** Whether this is an object, and neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects in a list; empty when it is none. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function parse(bytes: Uint8Array): JsonObject {
  let read: unknown;
  try {
    read = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Refusal(400, "lfs", "A document of Git LFS is no JSON", { cause: error });
  }
  if (!isObject(read)) {
    throw new Refusal(400, "lfs", "A document of Git LFS is not an object in JSON");
  }
  return read;
}
