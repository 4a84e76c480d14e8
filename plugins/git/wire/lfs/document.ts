import { Budget, isObject, parseObject, Refusal, type JsonObject } from "../../../../src/broker/plugin.ts";

/** The type of every document of the API. */
export const LFS_TYPE = "application/vnd.git-lfs+json";

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
    return parseObject(Buffer.concat(chunks), "lfs", "A document of Git LFS");
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

/** The objects in a list; empty when it is none. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
