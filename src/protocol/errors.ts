import type { ErrorName } from "./constants.ts";

/** The other side broke the rules of the conversation. `code` is the name that an ERROR message carries as a number. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ErrorName;

  constructor(code: ErrorName, message: string) {
    super(message);
    this.code = code;
  }
}
