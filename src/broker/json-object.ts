import { Refusal } from "./refusal.ts";

/** The object of a JSON document. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether this is an object, and neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads a document that is one object, in UTF-8. `what` begins a sentence about it.
 *
 * @throws {Refusal} `rule`, with status 400
 */
export function parseObject(bytes: Uint8Array, rule: string, what: string): JsonObject {
  let read: unknown;
  try {
    read = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Refusal(400, rule, `${what} is no JSON`, { cause: error });
  }
  if (!isObject(read)) {
    throw new Refusal(400, rule, `${what} is not an object in JSON`);
  }
  return read;
}
