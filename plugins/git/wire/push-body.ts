import type { Reader } from "./reader.ts";

/** A push that is no larger is sent in one piece, with its length, which every server takes. */
const SMALL_BYTES = 1024 * 1024;

/** The request as it was understood, and then the pack as it comes. */
export async function pushBody(
  head: Uint8Array,
  rest: Uint8Array,
  reader: Reader,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const chunks = [head, rest];
  let bytes = head.length + rest.length;
  while (bytes <= SMALL_BYTES) {
    const { value } = await reader.read();
    if (value === undefined) {
      return Buffer.concat(chunks);
    }
    chunks.push(value);
    bytes += value.length;
  }
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = chunks.shift() ?? (await reader.read()).value;
        if (next === undefined) {
          controller.close();
        } else {
          controller.enqueue(next);
        }
      },
      cancel: async (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
