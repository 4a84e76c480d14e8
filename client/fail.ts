/** Something that the client itself has to say to its caller, and the status to exit with. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Nobody listens at a plugin's socket right now, or whoever does makes way for the next: to be tried again. */
export class AwayError extends ClientError {}

export const NAME = "plugin-client";

/** One line is one line, and no terminal is steered by it. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/gu;

/** Says one sentence to the caller, on stderr. */
export function tell(sentence: string): void {
  const { writeSync } = process.getBuiltinModule("node:fs");
  // The seed's own line for a missing plugin has a form of its own.
  const line = sentence.startsWith("error: ") ? sentence : `${NAME}: ${sentence.replaceAll(CONTROLS, "?")}`;
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Nobody reads our stderr: the status has to do.
  }
}
