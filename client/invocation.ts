import type { Open } from "../src/protocol/client-messages.ts";
import { stringsOf } from "../src/protocol/block.ts";
import { CLIENT_EXIT, MAX_ARGUMENTS, MAX_OPEN_BYTES, MAX_TEXT_BYTES } from "../src/protocol/constants.ts";
import { ClientError } from "./fail.ts";
import { readOwnFile } from "./libc.ts";

const REPLACEMENT = "\uFFFD";

/** What this process was called with and where, as the plugin needs it. */
export type Call = Pick<Open, "tool" | "args" | "cwd" | "env">;

/**
 * @throws {ClientError} 125 for an argument that is not UTF-8, or for more than one message can carry
 */
export function readCall(tool: string, args: readonly string[]): Call {
  if (args.length > MAX_ARGUMENTS) {
    throw tooLong(`${args.length} arguments are more than ${MAX_ARGUMENTS}`);
  }
  for (const argument of args) {
    if (argument.includes(REPLACEMENT)) {
      refuseAltered(args.length);
    }
    // A UTF-16 unit is three bytes of UTF-8 at the most, so few arguments need to be measured.
    if (3 * argument.length > MAX_TEXT_BYTES && countBytes(argument) > MAX_TEXT_BYTES) {
      throw tooLong(`one argument is longer than ${MAX_TEXT_BYTES} bytes`);
    }
  }
  return { tool, args, cwd: process.cwd(), env: readOwnFile("environ") };
}

/** Apart from its caller: a function that so much as names `Buffer` costs a start 0.15 ms where it is called. */
function countBytes(text: string): number {
  return Buffer.byteLength(text);
}

/** A command that does not fit into one message. */
export function tooLong(found: string): ClientError {
  const limit = `${MAX_OPEN_BYTES} bytes for all of it, the environment included`;
  return new ClientError(
    CLIENT_EXIT.failed,
    `Cannot send the command: argument list too long (${found}; the limit is ${limit})`,
  );
}

/** The runtime replaces bytes that are not UTF-8; the kernel still has the true ones. */
function refuseAltered(count: number): void {
  const line = readOwnFile("cmdline");
  const strict = new TextDecoder("utf-8", { fatal: true });
  const all = [...stringsOf(line)];
  all.slice(-count).forEach((bytes, index) => {
    try {
      strict.decode(bytes);
    } catch {
      const found = new TextDecoder().decode(bytes);
      throw new ClientError(
        CLIENT_EXIT.failed,
        `Cannot send argument ${index + 1}, "${found}": it is not valid UTF-8; rename the file, or write the argument in UTF-8`,
      );
    }
  });
}
