import { Channel } from "../src/protocol/channel.ts";
import type { Socket } from "../src/protocol/channel.ts";
import { encodeAttach, encodeHello, encodeOpen, encodeSignal } from "../src/protocol/client-messages.ts";
import { CARRIER, CLIENT_EXIT, FEATURE, HEADER_BYTES, MAX_OPEN_BYTES, PROTOCOL_VERSION, TOKEN_BYTES } from "../src/protocol/constants.ts";
import type { SignalName } from "../src/protocol/constants.ts";
import { CLIENT_STATES, Conversation } from "../src/protocol/conversation.ts";
import type { ClientState } from "../src/protocol/conversation.ts";
import { canPassDescriptors, sendDescriptors } from "../src/protocol/descriptors.ts";
import { encodeFrame } from "../src/protocol/frame.ts";
import type { Frame } from "../src/protocol/frame.ts";
import { decodeDeny, decodeError, decodeExit, decodeWelcome } from "../src/protocol/plugin-messages.ts";
import type { Exit } from "../src/protocol/plugin-messages.ts";
import { connect } from "./connect.ts";
import { failureStatus, signalStatus } from "./exit-status.ts";
import { ClientError } from "./fail.ts";
import { tooLong } from "./invocation.ts";
import type { Call } from "./invocation.ts";
import { findTerminals, readWindow } from "./libc.ts";
import { Relay } from "./relay.ts";
import { dieOfInterrupt, onSignals, stopSelf } from "./signals.ts";

const STDIO = [0, 1, 2];

/**
 * Runs a call at the plugin whose socket is the first of `paths` that answers. Resolves with the status to exit with.
 *
 * @throws {ClientError} for everything that is not the tool's own ending
 */
export function run(paths: readonly string[], call: Call): Promise<number> {
  return new Run(call).start(paths);
}

class Run {
  readonly #call: Call;
  readonly #token = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  readonly #conversation = new Conversation<ClientState>(CLIENT_STATES, "start");
  readonly #ended = Promise.withResolvers<number>();
  readonly #terminals: number;
  #channel: Channel | undefined;
  #second: Bun.Socket<undefined> | undefined;
  #relay: Relay | undefined;
  #isInterrupted = false;

  constructor(call: Call) {
    this.#call = call;
    this.#terminals = findTerminals();
  }

  async start(paths: readonly string[]): Promise<number> {
    const passes = canPassDescriptors();
    const connected = await connect(paths, passes, {
      data: (_socket, chunk) => this.#receive(chunk),
      drain: () => this.#channel?.drained(),
      close: () => this.#lost(),
      error: () => this.#lost(),
    });
    if (connected === undefined) {
      throw new ClientError(CLIENT_EXIT.missing, `error: ${this.#call.tool} plugin not available`);
    }
    this.#channel = new Channel(connected.socket as unknown as Socket);
    this.#second = connected.second;
    this.#open();
    return this.#ended.promise;
  }

  /**
   * The second connection introduces itself first, so that the plugin has it when it reads the rest. HELLO and OPEN leave
   * together: the only other answer to the first is that the plugin does not speak our version.
   */
  #open(): void {
    const second = this.#second;
    if (second !== undefined) {
      const attach = encodeAttach(this.#token);
      second.write(attach, 0, attach.length);
    }
    const carrier = second === undefined ? CARRIER.frames : CARRIER.descriptors;
    const features = second === undefined ? 0 : FEATURE.descriptors;
    const terminals = this.#terminals;
    const window = terminals === 0 ? { rows: 0, columns: 0 } : readWindow(terminals);
    const open = encodeOpen({ ...this.#call, carrier, token: this.#token, terminals, window });
    if (open.length - HEADER_BYTES > MAX_OPEN_BYTES) {
      throw tooLong(`found ${open.length - HEADER_BYTES} bytes`);
    }
    const hello = encodeHello({ version: PROTOCOL_VERSION, features });
    const both = new Uint8Array(hello.length + open.length);
    both.set(hello);
    both.set(open, hello.length);
    this.#conversation.follow("HELLO");
    this.#send("OPEN", both);
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.#channel?.receive(chunk, (frame) => {
        this.#conversation.receive(frame.name, "plugin");
        this.#handle(frame);
      });
    } catch (error) {
      this.#fail(new ClientError(CLIENT_EXIT.failed, `The ${this.#call.tool} plugin does not speak this client's language: ${(error as Error).message}`));
    }
  }

  #handle(frame: Frame): void {
    switch (frame.name) {
      case "WELCOME":
        decodeWelcome(frame.payload);
        break;
      case "PASS":
        onSignals((signal) => this.#signal(signal));
        this.#pass();
        break;
      case "ALLOW":
        this.#startRelay();
        break;
      case "DENY":
        this.#fail(new ClientError(CLIENT_EXIT.denied, decodeDeny(frame.payload).message));
        break;
      case "ERROR": {
        const failure = decodeError(frame.payload);
        this.#fail(new ClientError(failureStatus(failure), failure.message));
        break;
      }
      case "EXIT":
        void this.#exit(decodeExit(frame.payload));
        break;
      default:
        this.#relay?.receive(frame);
    }
  }

  /** When the descriptors cannot be sent, the plugin finds none and goes on with frames. */
  #pass(): void {
    if (this.#second !== undefined) {
      sendDescriptors((this.#second as unknown as { fd: number }).fd, STDIO);
    }
    this.#send("PASSED", encodeFrame("PASSED"));
  }

  #startRelay(): void {
    if (this.#channel !== undefined) {
      onSignals((signal) => this.#signal(signal));
      this.#relay = new Relay(this.#channel, this.#terminals);
    }
  }

  #signal(signal: SignalName): void {
    this.#isInterrupted ||= signal === "SIGINT";
    if (signal === "SIGWINCH" && this.#relay !== undefined) {
      this.#relay.resize();
      return;
    }
    this.#send("SIGNAL", encodeSignal(signal));
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
      this.#ended.resolve(ending.code);
      return;
    }
    if (ending.signal === "SIGINT" && this.#isInterrupted) {
      dieOfInterrupt();
    }
    this.#ended.resolve(signalStatus(ending.signal));
  }

  #lost(): void {
    if (this.#conversation.state !== "over") {
      const { tool } = this.#call;
      this.#fail(new ClientError(CLIENT_EXIT.failed, `The ${tool} plugin was lost while ${tool} ran; see its log, and run the command again once it is back`));
    }
  }

  #send(name: "OPEN" | "PASSED" | "SIGNAL", frame: Uint8Array): void {
    if (this.#conversation.state !== "over") {
      this.#conversation.follow(name);
      this.#channel?.send(frame);
    }
  }

  #fail(error: ClientError): void {
    this.#relay?.restore();
    this.#ended.reject(error);
  }
}
