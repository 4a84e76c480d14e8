import { CLIENT_EXIT } from "../src/protocol/constants.ts";
import type { Failure } from "../src/protocol/plugin-messages.ts";

/** Numbers of Linux, for 128+n; signal(7). The conversation itself names signals. */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
};
const SIGNAL_BASE = 128;

/** What a shell would say of a tool that the signal ended. */
export function signalStatus(signal: string): number {
  return SIGNAL_BASE + (SIGNAL_NUMBERS[signal] ?? 0);
}

/** The status for an ERROR of the plugin's. */
export function failureStatus({ code }: Failure): number {
  return code === "tool_missing" ? CLIENT_EXIT.missing : CLIENT_EXIT.failed;
}
