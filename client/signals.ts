import { SIGNAL } from "../src/protocol/constants.ts";
import type { SignalName } from "../src/protocol/constants.ts";

/** Signals that may be forwarded, kept from doing to us what they do. */
export interface Signals {
  /** Begins to keep them; nothing when they are kept already. */
  catch: () => void;
  /** Hands every signal that was caught, and is from now on, to `take`. */
  handTo: (take: (signal: SignalName) => void) => void;
  /** Lets every signal do to us again what it does by itself. */
  forget: () => void;
}

/** Caught from now on: before the opening is sent, for the tool may run before we have come to anything else. */
export function catchSignals(): Signals {
  const held: SignalName[] = [];
  const hold = (signal: SignalName): void => void held.push(signal);
  let isCaught = false;
  let handle = hold;
  const signals: Signals = {
    catch: () => {
      if (!isCaught) {
        isCaught = true;
        for (const signal of Object.keys(SIGNAL) as SignalName[]) {
          process.on(signal, () => handle(signal));
        }
      }
    },
    handTo: (take) => {
      handle = take;
      for (const signal of held.splice(0)) {
        take(signal);
      }
    },
    forget: () => {
      isCaught = false;
      handle = hold;
      for (const signal of Object.keys(SIGNAL)) {
        process.removeAllListeners(signal);
      }
    },
  };
  signals.catch();
  return signals;
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
