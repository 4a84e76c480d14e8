// First, for what it does when it is evaluated.
import { begun } from "./begin.ts";
import { CLIENT_EXIT } from "../src/protocol/constants.ts";
import { command } from "./commands.ts";
import { ClientError, tell } from "./fail.ts";
import { exitNow } from "./libc.ts";
import { run } from "./run.ts";

/** Does what it was called for, and resolves with the status to exit with. */
function finish(): Promise<number> {
  if (begun.kind === "call") {
    return run(begun.paths, begun.opening, begun.passed);
  }
  return begun.kind === "command" ? command(begun.args) : Promise.reject(begun.error);
}

function fail(error: unknown): void {
  const status = error instanceof ClientError ? error.status : CLIENT_EXIT.failed;
  const isWholeLine = error instanceof ClientError && error.isWholeLine;
  tell(error instanceof Error ? error.message : String(error), isWholeLine);
  exitNow(status);
}

finish().then(exitNow, fail);
