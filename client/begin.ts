import { NAME } from "./fail.ts";
import { readCall } from "./invocation.ts";
import { exitNow } from "./libc.ts";
import { socketFolders, socketPaths } from "./locate.ts";
import { passAtOnce, prepareOpening } from "./opening.ts";
import type { Opening, Passed } from "./opening.ts";
import { awaitShortCall } from "./short-call.ts";
import { catchSignals } from "./signals.ts";
import type { Signals } from "./signals.ts";

/** What the client was called for, as far as it has got with it. */
export type Begun = { readonly kind: "command"; readonly args: readonly string[] } | BegunCall;

export interface BegunCall {
  readonly kind: "call";
  readonly paths: readonly string[];
  readonly opening: Opening;
  readonly signals: Signals;
  /** Undefined where one attempt was not enough. */
  readonly passed: Passed | undefined;
  /** What the plugin has said so far. */
  readonly received: Uint8Array;
}

/**
 * Does what the client was called for, and ends it, where that is a short call; else says how far it has come.
 *
 * @throws {ClientError} 125 for a call that cannot be sent
 */
export function begin(path: string, args: readonly string[]): Begun {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name !== NAME) {
    return call(socketPaths(socketFolders(process.env, process.execPath), name), name, args);
  }
  const [socket, tool] = args;
  if (socket !== undefined && tool !== undefined && !socket.startsWith("-")) {
    return call([socket], tool, args.slice(2));
  }
  return { kind: "command", args };
}

function call(paths: readonly string[], tool: string, args: readonly string[]): BegunCall {
  const opening = prepareOpening(readCall(tool, args));
  const signals = catchSignals();
  const passed = passAtOnce(paths, opening);
  const isSent = passed !== undefined && passed.unsent.length === 0;
  const answer = isSent ? awaitShortCall(passed.socket) : undefined;
  if (answer?.kind === "ended") {
    exitNow(answer.status);
  }
  const received = answer?.kind === "open" ? answer.received : new Uint8Array(0);
  return { kind: "call", paths, opening, signals, passed, received };
}
