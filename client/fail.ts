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
