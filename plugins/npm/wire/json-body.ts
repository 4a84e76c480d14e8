import { gunzipSync } from "node:zlib";

import { Budget, parseObject, Refusal, type Exchange, type JsonObject } from "../../../src/broker/plugin.ts";

/** Documents are read whole: a package is in one, in base64. */
export const MAX_DOCUMENT_BYTES: number = 32 * 1024 * 1024;
const memory = new Budget(2 * MAX_DOCUMENT_BYTES, "other documents are being looked at");

/**
 * Reads the body of a request as an object in JSON, plain or gzip, and hands it to `use`, until whose end it counts as
 * held in memory.
 *
 * @throws {Refusal} `document`, `limits`
 */
export async function withJson<Result>(
  { body, headers }: Pick<Exchange, "body" | "headers">,
  maxBytes: number,
  use: (document: JsonObject) => Promise<Result>,
): Promise<Result> {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (!/^application\/json\b/.test(headers.get("content-type") ?? "") || !["identity", "gzip"].includes(encoding)) {
    throw new Refusal(415, "document", "Only application/json can be sent there, plain or gzip");
  }
  let heldBytes = 0;
  const hold = (bytes: number): void => {
    memory.take(bytes);
    heldBytes += bytes;
  };
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body ?? []) {
      hold(chunk.length);
      if (heldBytes > maxBytes) {
        throw tooLarge(maxBytes);
      }
      chunks.push(chunk);
    }
    const raw = Buffer.concat(chunks);
    chunks.length = 0;
    const plain = encoding === "gzip" ? unpack(raw, maxBytes) : raw;
    hold(plain === raw ? 0 : plain.length);
    return await use(parseObject(plain, "document", "The document"));
  } finally {
    memory.giveBack(heldBytes);
  }
}

function unpack(raw: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return gunzipSync(raw, { maxOutputLength: maxBytes });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE"
      ? tooLarge(maxBytes)
      : new Refusal(400, "document", "The request says that it is compressed, and is not", { cause: error });
  }
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, "limits", `The document has more than ${maxBytes / 1024 / 1024} MiB`);
}
