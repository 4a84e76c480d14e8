import { Channel } from "../src/protocol/channel.ts";
import { encodeSignal } from "../src/protocol/client-messages.ts";
import { CLIENT_EXIT } from "../src/protocol/constants.ts";
import type { SignalName } from "../src/protocol/constants.ts";
import { CLIENT_STATES, Conversation } from "../src/protocol/conversation.ts";
import type { ClientState } from "../src/protocol/conversation.ts";
import type { Frame } from "../src/protocol/frame.ts";
import {
  decodeDeny,
  decodeError,
  decodeExit,
  decodeExplanation,
  decodePending,
  decodeWelcome,
} from "../src/protocol/plugin-messages.ts";
import type { Exit } from "../src/protocol/plugin-messages.ts";
import { adopt, connect } from "./connect.ts";
import { failureStatus, signalStatus } from "./exit-status.ts";
import { AwayError, ClientError, tell } from "./fail.ts";
import type { BegunCall } from "./begin.ts";
import type { Opening, Passed } from "./opening.ts";
import { Relay } from "./relay.ts";
import { obey, stopSelf } from "./signals.ts";
import type { Signals } from "./signals.ts";

/** A plugin that is being replaced is waited for: the old one lets calls finish first, then the new one starts. */
const AWAY_MS = 30_000;
const AWAY_POLL_MS = 25;
/** An attempt that took so long had found a plugin. */
const IN_TOUCH_MS = 1_000;
/** Whoever waits for longer than this is told for what. */
const TELL_AFTER_MS = 3_000;

/**
 * Runs a call at the plugin whose socket is the first of `paths` that answers, or goes on with the connection on which
 * its opening was `passed` already. Resolves with the status to exit with.
 *
 * @throws {ClientError} for everything that is not the tool's own ending
 */
export async function run({ paths, opening, signals, passed, received }: BegunCall): Promise<number> {
  let first = passed && { passed, received };
  let awaySinceMs = performance.now();
  let isTold = false;
  for (;;) {
    const triedMs = performance.now();
    try {
      return await new Run(opening, signals).start(paths, first);
    } catch (error) {
      first = undefined;
      if (performance.now() - triedMs > IN_TOUCH_MS) {
        // There was a plugin all that time, at which the call waited for its turn or for a person.
        awaySinceMs = performance.now();
      }
      const waitedMs = performance.now() - awaySinceMs;
      if (!(error instanceof AwayError) || waitedMs >= AWAY_MS) {
        throw error;
      }
      if (!isTold && waitedMs >= TELL_AFTER_MS) {
        isTold = true;
        tell(`Waiting for the ${opening.tool} plugin to come back, for up to ${AWAY_MS / 1000} s`);
      }
    }
    signals.forget();
    await Bun.sleep(AWAY_POLL_MS);
  }
}

/** A connection over which the opening was passed, and what has come over it. */
interface First {
  readonly passed: Passed;
  readonly received: Uint8Array;
}

class Run {
  readonly #opening: Opening;
  readonly #signals: Signals;
  readonly #conversation = new Conversation<ClientState>(CLIENT_STATES, "start");
  readonly #ended: Promise<number>;
  #resolve: (status: number) => void = () => {};
  #reject: (error: ClientError) => void = () => {};
  #channel: Channel | undefined;
  #relay: Relay | undefined;
  /** The denial as programs read it, where PLUGIN_DENIALS asked for that. */
  #denial: string | undefined;
  /** Runs while a person is asked. */
  #pending: Timer | undefined;

  constructor(opening: Opening, signals: Signals) {
    this.#opening = opening;
    this.#signals = signals;
    this.#ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  async start(paths: readonly string[], first: First | undefined): Promise<number> {
    const handler = {
      data: (_socket: unknown, chunk: Uint8Array) => this.#receive(chunk),
      drain: () => this.#channel?.drained(),
      close: () => this.#lost(),
      error: () => this.#lost(),
    };
    this.#signals.catch();
    this.#conversation.follow("HELLO");
    this.#conversation.follow("OPEN");
    const socket = first ? await adopt(first.passed, handler) : await connect(paths, this.#opening, handler);
    if (socket === undefined) {
      throw new ClientError(CLIENT_EXIT.missing, `error: ${this.#opening.tool} plugin not available`);
    }
    this.#channel = new Channel(socket.connected);
    if (socket.unsent.length > 0) {
      this.#channel.send(socket.unsent);
    }
    if (first !== undefined) {
      this.#receive(first.received);
    }
    this.#signals.handTo((signal) => this.#signal(signal));
    return this.#ended;
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.#channel?.receive(chunk, (frame) => {
        this.#conversation.receive(frame.name, "plugin");
        this.#handle(frame);
      });
    } catch (error) {
      this.#fail(
        new ClientError(
          CLIENT_EXIT.failed,
          `The ${this.#opening.tool} plugin does not speak this client's language: ${(error as Error).message}`,
        ),
      );
    }
  }

  #handle(frame: Frame): void {
    switch (frame.name) {
      case "WELCOME":
        decodeWelcome(frame.payload);
        break;
      case "ALLOW":
        this.#startRelay();
        break;
      case "PENDING":
        this.#tellPending(decodePending(frame.payload));
        break;
      case "EXPLANATION":
        this.#denial = decodeExplanation(frame.payload).json;
        break;
      case "DENY": {
        const line = this.#denial ?? decodeDeny(frame.payload).message;
        this.#fail(new ClientError(CLIENT_EXIT.denied, line, this.#denial !== undefined));
        break;
      }
      case "ERROR": {
        const failure = decodeError(frame.payload);
        const Kind = failure.code === "draining" ? AwayError : ClientError;
        this.#fail(new Kind(failureStatus(failure), failure.message));
        break;
      }
      case "EXIT":
        void this.#exit(decodeExit(frame.payload));
        break;
      default:
        this.#relay?.receive(frame);
    }
  }

  /** Says after a while for what the call waits; an empty sentence says that it no longer does. */
  #tellPending(message: string): void {
    clearTimeout(this.#pending);
    this.#pending = message === "" ? undefined : setTimeout(() => tell(message), TELL_AFTER_MS);
  }

  #startRelay(): void {
    if (this.#channel !== undefined) {
      this.#relay = new Relay(this.#channel, this.#opening.terminals);
    }
  }

  #signal(signal: SignalName): void {
    if (this.#conversation.state === "over") {
      // The tool has ended; what is left is to write its output, to somebody who may never read it.
      this.#relay?.restore();
      obey(signal);
      return;
    }
    if (signal === "SIGWINCH" && this.#relay !== undefined) {
      this.#relay.resize();
      return;
    }
    this.#conversation.follow("SIGNAL");
    this.#channel?.send(encodeSignal(signal));
    if (signal === "SIGTSTP") {
      this.#relay?.suspend();
      stopSelf();
    } else if (signal === "SIGCONT") {
      this.#relay?.resume();
    }
  }

  async #exit({ ending, stdinBytes }: Exit): Promise<void> {
    await this.#relay?.finish(stdinBytes);
    if ("code" in ending) {
      this.#resolve(ending.code);
      return;
    }
    if (ending.signal === "SIGINT") {
      // As the tool did: a shell that waits for us breaks off its loop only then.
      obey("SIGINT");
    }
    this.#resolve(signalStatus(ending.signal));
  }

  #lost(): void {
    if (this.#conversation.state !== "over") {
      const { tool } = this.#opening;
      this.#fail(
        new ClientError(
          CLIENT_EXIT.failed,
          `The ${tool} plugin was lost while ${tool} ran; see its log, and run the command again once it is back`,
        ),
      );
    }
  }

  #fail(error: ClientError): void {
    clearTimeout(this.#pending);
    this.#relay?.restore();
    this.#reject(error);
  }
}
