import { ProtocolError } from "../../src/protocol/errors.ts";
import type { ErrorName } from "../../src/protocol/constants.ts";

/** What `action` was refused with; anything but a ProtocolError is the test's failure. */
export function refusal(action: () => unknown): { code: ErrorName; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) {
      return { code: error.code, message: error.message };
    }
    throw error;
  }
  throw new Error("Cannot find a refusal: the call returned");
}
