/** Something that the client itself has to say to its caller, and the status to exit with. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
