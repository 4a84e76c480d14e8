import { SIGNAL } from "../src/protocol/constants.ts";
import type { SignalName } from "../src/protocol/constants.ts";

const held: SignalName[] = [];
const hold = (signal: SignalName): void => void held.push(signal);
let isCaught = false;
let handle = hold;

/**
 * Keeps every signal that may be forwarded from doing to us what it does, until {@link onSignals} says what to do with
 * it. Before the opening is sent: the tool may run before we have come to anything else.
 */
export function catchSignals(): void {
  if (isCaught) {
    return;
  }
  isCaught = true;
  for (const signal of Object.keys(SIGNAL) as SignalName[]) {
    process.on(signal, () => handle(signal));
  }
}

/** Hands every signal that was caught, and is from now on, to `take`. */
export function onSignals(take: (signal: SignalName) => void): void {
  handle = take;
  for (const signal of held.splice(0)) {
    take(signal);
  }
}

/** Lets every signal do to us again what it does by itself. */
export function forgetSignals(): void {
  isCaught = false;
  handle = hold;
  for (const signal of Object.keys(SIGNAL)) {
    process.removeAllListeners(signal);
  }
}

/** Stops this process as a terminal's stop key would, until somebody continues it. */
export function stopSelf(): void {
  process.kill(process.pid, "SIGSTOP");
}

/** Lets a signal do to us what it does by itself: end us, for most. A shell sees that it was this signal. */
export function obey(signal: SignalName): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
