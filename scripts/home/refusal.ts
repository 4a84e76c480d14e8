/** An answer to the user that is no success: one sentence, and the exit status. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Runs one command of run.sh: prints a refusal as its one line, and leaves the exit status to the process. */
export async function answer(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof Refusal)) {
      throw error;
    }
    console.error(`run.sh: ${error.message}`);
    process.exitCode = error.status;
  }
}
