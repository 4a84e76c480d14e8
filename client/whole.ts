// The second entry of the executable: see main.ts.
import type { Begun } from "./begin.ts";
import { command } from "./commands.ts";
import { fail } from "./fail.ts";
import { exitNow } from "./libc.ts";
import { run } from "./run.ts";

/** Does the rest of what was begun, and ends the client with its status. */
export function finish(begun: Begun): void {
  (begun.kind === "call" ? run(begun) : command(begun.args)).then(exitNow, fail);
}
