import { FIRST_PLUGIN_MESSAGE, MESSAGE } from "./constants.ts";
import type { MessageName } from "./constants.ts";
import { ProtocolError } from "./errors.ts";

/** In each state, the messages that may come next and the states that they lead to. */
export type States<State extends string> = Readonly<Record<State, Readonly<Partial<Record<MessageName, State>>>>>;

type Shared = "relaying" | "input_ended" | "over";
export type PluginState = "start" | "greeted" | "welcomed" | "asked" | "opened" | Shared;
export type ClientState = "start" | "greeting" | "asking" | "asking_welcomed" | "opening" | "waiting" | Shared;

/**
 * Messages that may still be on their way when the plugin has ended the conversation: read and dropped. The first five
 * are of a client that was refused before its HELLO was read.
 */
const LATE_FROM_CLIENT = {
  HELLO: "over",
  OPEN: "over",
  HEALTH: "over",
  CAPABILITIES: "over",
  EXPLAIN: "over",
  STDIN: "over",
  STDIN_END: "over",
  WANT_OUTPUT: "over",
  OUTPUT_CLOSED: "over",
  SIGNAL: "over",
  WINDOW: "over",
} as const;

/** The tool runs and its streams travel in frames: the same for both sides. */
const RELAYING = {
  WANT_INPUT: "relaying",
  STDIN: "relaying",
  STDIN_END: "input_ended",
  STDOUT: "relaying",
  STDERR: "relaying",
  OUTPUT_END: "relaying",
  WANT_OUTPUT: "relaying",
  OUTPUT_CLOSED: "relaying",
  SIGNAL: "relaying",
  WINDOW: "relaying",
  EXIT: "over",
  ERROR: "over",
} as const;

const INPUT_ENDED = {
  WANT_INPUT: "input_ended",
  STDOUT: "input_ended",
  STDERR: "input_ended",
  OUTPUT_END: "input_ended",
  WANT_OUTPUT: "input_ended",
  OUTPUT_CLOSED: "input_ended",
  SIGNAL: "input_ended",
  WINDOW: "input_ended",
  EXIT: "over",
  ERROR: "over",
} as const;

/** What may follow what for the plugin: in each state, the messages that it may receive (client's) or send (its own). */
export const PLUGIN_STATES: States<PluginState> = {
  start: { HELLO: "greeted", ERROR: "over" },
  greeted: { WELCOME: "welcomed", ERROR: "over" },
  welcomed: { OPEN: "opened", HEALTH: "asked", CAPABILITIES: "asked", EXPLAIN: "asked", ERROR: "over" },
  asked: { HEALTH_REPORT: "over", CAPABILITIES_REPORT: "over", EXPLANATION: "over", ERROR: "over" },
  opened: {
    SIGNAL: "opened",
    PENDING: "opened",
    EXPLANATION: "opened",
    ALLOW: "relaying",
    DENY: "over",
    EXIT: "over",
    ERROR: "over",
  },
  relaying: RELAYING,
  input_ended: INPUT_ENDED,
  over: LATE_FROM_CLIENT,
};

/** What may follow what for the client: in each state, the messages that it may send (its own) or receive (the plugin's). */
export const CLIENT_STATES: States<ClientState> = {
  start: { HELLO: "greeting" },
  greeting: { OPEN: "opening", HEALTH: "asking", CAPABILITIES: "asking", EXPLAIN: "asking" },
  asking: { WELCOME: "asking_welcomed", ERROR: "over" },
  asking_welcomed: { HEALTH_REPORT: "over", CAPABILITIES_REPORT: "over", EXPLANATION: "over", ERROR: "over" },
  opening: { SIGNAL: "opening", WELCOME: "waiting", ERROR: "over" },
  waiting: {
    SIGNAL: "waiting",
    PENDING: "waiting",
    EXPLANATION: "waiting",
    ALLOW: "relaying",
    DENY: "over",
    EXIT: "over",
    ERROR: "over",
  },
  relaying: RELAYING,
  input_ended: INPUT_ENDED,
  over: {},
};

/** Follows one conversation and refuses whatever may not come next, sent or received. */
export class Conversation<State extends string> {
  readonly #states: States<State>;
  #state: State;

  constructor(states: States<State>, start: NoInfer<State>) {
    this.#states = states;
    this.#state = start;
  }

  get state(): State {
    return this.#state;
  }

  /**
   * A message that has arrived: refused, too, when it is one that only this side sends, so that the other cannot drive our half.
   *
   * @throws {ProtocolError} `unexpected_message`
   */
  receive(name: MessageName, from: "client" | "plugin"): void {
    const sender = MESSAGE[name] < FIRST_PLUGIN_MESSAGE ? "client" : "plugin";
    if (sender !== from) {
      throw new ProtocolError("unexpected_message", `Cannot take ${name} from a ${from}: only a ${sender} sends it`);
    }
    this.follow(name);
  }

  /** @throws {ProtocolError} `unexpected_message` when the message has no place in this state */
  follow(name: MessageName): void {
    const accepted = this.#states[this.#state];
    const next = accepted[name];
    if (next === undefined) {
      const names = Object.keys(accepted).join(", ") || "none";
      throw new ProtocolError(
        "unexpected_message",
        `Cannot take ${name} in state ${this.#state}: accepted are ${names}`,
      );
    }
    this.#state = next;
  }
}
