import { CLIENT_EXIT } from "../src/protocol/constants.ts";
import { exitNow } from "./libc.ts";

/** Something that the client itself has to say to its caller, and the status to exit with. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly status: number;
  /** Whether the message is the whole line, for programs to read, and needs no name before it. */
  readonly isWholeLine: boolean;

  constructor(status: number, message: string, isWholeLine = false) {
    super(message);
    this.status = status;
    this.isWholeLine = isWholeLine;
  }
}

/** Nobody listens at a plugin's socket right now, or whoever does makes way for the next: to be tried again. */
export class AwayError extends ClientError {}

/** A plugin's socket at which nobody listens. */
export function leftBehind(path: string): AwayError {
  return new AwayError(
    CLIENT_EXIT.failed,
    `Nobody listens at ${path}, though a plugin did: it has ended; start it again, or see why it ended in its log`,
  );
}

export const NAME = "plugin-client";

/** One line is one line, and no terminal is steered by it. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/gu;

/** Says one sentence to the caller, on stderr, with our name before it unless it is the whole line. */
export function tell(sentence: string, isWholeLine = false): void {
  const { writeSync } = process.getBuiltinModule("node:fs");
  // The seed's own line for a missing plugin has a form of its own.
  const name = isWholeLine || sentence.startsWith("error: ") ? "" : `${NAME}: `;
  const line = `${name}${sentence.replaceAll(CONTROLS, "?")}`;
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Nobody reads our stderr: the status has to do.
  }
}

/** Ends the client with what went wrong: in a sentence of its own, and with its status, where that is known. */
export function fail(error: unknown): void {
  const status = error instanceof ClientError ? error.status : CLIENT_EXIT.failed;
  const isWholeLine = error instanceof ClientError && error.isWholeLine;
  tell(error instanceof Error ? error.message : String(error), isWholeLine);
  exitNow(status);
}
