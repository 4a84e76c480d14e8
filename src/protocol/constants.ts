/**
 * Every number of the conversation, once. SPEC.md lists the same ones (sections 7, 12 and 20), and `test/spec.test.ts` compares the two.
 */

/** The first four bytes of HELLO and WELCOME: "CCPS". */
export const MAGIC = 0x43_43_50_53;
export const PROTOCOL_VERSION = 1;

/** Type (u8) and payload length (u32, big-endian). */
export const HEADER_BYTES = 5;

/** Types below this are messages of the client, the others of the plugin. */
export const FIRST_PLUGIN_MESSAGE = 0x80;
export const MESSAGE = {
  HELLO: 0x01,
  OPEN: 0x02,
  STDIN: 0x03,
  STDIN_END: 0x04,
  WANT_OUTPUT: 0x05,
  OUTPUT_CLOSED: 0x06,
  SIGNAL: 0x07,
  WINDOW: 0x08,
  HEALTH: 0x09,
  CAPABILITIES: 0x0a,
  EXPLAIN: 0x0b,
  WELCOME: 0x81,
  ALLOW: 0x82,
  DENY: 0x83,
  WANT_INPUT: 0x84,
  STDOUT: 0x85,
  STDERR: 0x86,
  OUTPUT_END: 0x87,
  EXIT: 0x88,
  ERROR: 0x89,
  HEALTH_REPORT: 0x8a,
  CAPABILITIES_REPORT: 0x8b,
  EXPLANATION: 0x8c,
  PENDING: 0x8d,
} as const;
export type MessageName = keyof typeof MESSAGE;
export type MessageType = (typeof MESSAGE)[MessageName];

/**
 * Bits of the features field; a bit that the other side does not know is ignored. `descriptors`: of a HELLO, that the
 * client's stdin, stdout and stderr travel beside its first byte; of a WELCOME, that they came and that the tool gets them.
 * `explanations`: a denial is preceded by an EXPLANATION. `approvals`: a call that waits for a person is told so by PENDING.
 */
export const FEATURE = { descriptors: 0x0001, explanations: 0x0002, approvals: 0x0004 } as const;

export const STREAM = { stdin: 0, stdout: 1, stderr: 2 } as const;
export type OutputStream = typeof STREAM.stdout | typeof STREAM.stderr;

/** Bits of OPEN's terminals field: which of the client's streams are terminals. */
export const TERMINAL = { stdin: 0x01, stdout: 0x02, stderr: 0x04 } as const;

/** Signals that a client may forward. Our own numbers: an operating system's differ between machines. */
export const SIGNAL = {
  SIGINT: 1,
  SIGTERM: 2,
  SIGHUP: 3,
  SIGQUIT: 4,
  SIGTSTP: 5,
  SIGCONT: 6,
  SIGWINCH: 7,
} as const;
export type SignalName = keyof typeof SIGNAL;

export const EXIT_KIND = { code: 0, signal: 1 } as const;

export const HEALTH_STATE = { ready: 1, stopping: 2 } as const;
/** How the streams of a plugin's last session travelled. */
export const CARRIER = { none: 0, descriptors: 1, frames: 2 } as const;
export type CarrierName = keyof typeof CARRIER;

export const ERROR = {
  malformed_message: 1,
  unknown_message: 2,
  unexpected_message: 3,
  message_too_long: 4,
  unsupported_version: 5,
  handshake_timeout: 6,
  not_permitted: 7,
  busy: 8,
  wrong_tool: 9,
  cwd_unusable: 10,
  tool_missing: 11,
  tool_not_started: 12,
  time_limit: 13,
  idle_limit: 14,
  stopping: 15,
  internal: 16,
  draining: 17,
} as const;
export type ErrorName = keyof typeof ERROR;

/** Statuses of the client's own; anything else that it exits with is the tool's. */
export const CLIENT_EXIT = { failed: 125, denied: 126, missing: 127 } as const;

/** Most bytes that one frame of data carries. */
export const MAX_DATA_BYTES: number = 64 * 1024;
/** Arguments and environment together; the kernel's own limit for both is 2 MiB. */
export const MAX_OPEN_BYTES: number = 1024 * 1024;
/** The kernel's limit for one argument, less its terminator. */
export const MAX_TEXT_BYTES: number = 128 * 1024 - 1;
export const MAX_ARGUMENTS: number = 32_768;
export const MAX_ENVIRONMENT: number = 4_096;
/** Most output that a client may ask for ahead of reading it, per stream. */
export const MAX_WINDOW_BYTES: number = 4 * 1024 * 1024;
/** A denial's or an error's sentence. */
export const MAX_SENTENCE_BYTES: number = 4 * 1024;
/** The name of the rule that denied: the rest of the denial is its sentence. */
export const MAX_RULE_BYTES = 128;
export const MAX_REPORT_BYTES: number = 64 * 1024;
export const MAX_FACTS = 256;

/** The longest payload of each message, in bytes: checked on the header, before any of the payload is awaited. */
export const MAX_PAYLOAD_BYTES: Readonly<Record<MessageName, number>> = {
  HELLO: 64,
  OPEN: MAX_OPEN_BYTES,
  STDIN: MAX_DATA_BYTES,
  STDIN_END: 0,
  WANT_OUTPUT: 5,
  OUTPUT_CLOSED: 1,
  SIGNAL: 1,
  WINDOW: 4,
  HEALTH: 0,
  CAPABILITIES: 0,
  EXPLAIN: MAX_OPEN_BYTES,
  WELCOME: 64,
  ALLOW: 0,
  DENY: MAX_SENTENCE_BYTES,
  WANT_INPUT: 4,
  STDOUT: MAX_DATA_BYTES,
  STDERR: MAX_DATA_BYTES,
  OUTPUT_END: 1,
  EXIT: 64,
  ERROR: MAX_SENTENCE_BYTES,
  HEALTH_REPORT: MAX_SENTENCE_BYTES,
  CAPABILITIES_REPORT: MAX_REPORT_BYTES,
  EXPLANATION: MAX_REPORT_BYTES,
  PENDING: MAX_SENTENCE_BYTES,
};
