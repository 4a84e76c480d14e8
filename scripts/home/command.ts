import { Refusal } from "./refusal.ts";

/** Runs a command of run.sh, and resolves to its exit status. `print` gets the line of a refusal; other errors are thrown on. */
export async function runCommand(command: () => Promise<number>, print: (line: string) => void): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof Refusal)) {
      throw error;
    }
    print(`run.sh: ${error.message}`);
    return error.status;
  }
}
