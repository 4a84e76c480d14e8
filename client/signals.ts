import { SIGNAL } from "../src/protocol/constants.ts";
import type { SignalName } from "../src/protocol/constants.ts";

/** Hands every signal that may be forwarded to `handle` instead of what it would do to us. */
export function onSignals(handle: (signal: SignalName) => void): void {
  for (const signal of Object.keys(SIGNAL) as SignalName[]) {
    process.on(signal, () => handle(signal));
  }
}

/** Lets every signal do to us again what it does by itself. */
export function forgetSignals(): void {
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
