import { NAME } from "./fail.ts";
import { readCall } from "./invocation.ts";
import { socketFolders, socketPaths } from "./locate.ts";
import { passAtOnce, prepareOpening } from "./opening.ts";
import type { Opening, Passed } from "./opening.ts";
import { catchSignals } from "./signals.ts";

/** What the client was called for, as far as it has got with it. */
export type Begun =
  | { readonly kind: "command"; readonly args: readonly string[] }
  | {
      readonly kind: "call";
      readonly paths: readonly string[];
      readonly opening: Opening;
      /** Undefined where one attempt was not enough. */
      readonly passed: Passed | undefined;
    }
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * Evaluated before all other modules, so that a call is on its way, and the plugin at work on it, while the rest of the
 * client is still being evaluated: a fifth of a call's cost.
 */
export const begun: Begun = begin(process.argv0, process.argv.slice(2));

function begin(path: string, args: readonly string[]): Begun {
  try {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (name !== NAME) {
      return call(socketPaths(socketFolders(process.env, process.execPath), name), name, args);
    }
    const [socket, tool] = args;
    if (socket !== undefined && tool !== undefined && !socket.startsWith("-")) {
      return call([socket], tool, args.slice(2));
    }
    return { kind: "command", args };
  } catch (error) {
    return { kind: "failed", error };
  }
}

function call(paths: readonly string[], tool: string, args: readonly string[]): Begun {
  const opening = prepareOpening(readCall(tool, args));
  catchSignals();
  return { kind: "call", paths, opening, passed: passAtOnce(paths, opening) };
}
