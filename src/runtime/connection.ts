import { Channel } from "../protocol/channel.ts";
import type { Socket } from "../protocol/channel.ts";
import { decodeHello, decodeOpen } from "../protocol/client-messages.ts";
import { FEATURE, PROTOCOL_VERSION } from "../protocol/constants.ts";
import type { MessageName } from "../protocol/constants.ts";
import { Conversation, PLUGIN_STATES } from "../protocol/conversation.ts";
import type { PluginState } from "../protocol/conversation.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { Frame } from "../protocol/frame.ts";
import {
  encodeCapabilitiesReport,
  encodeError,
  encodeHealthReport,
  encodeWelcome,
} from "../protocol/plugin-messages.ts";
import type { Asker } from "./asker.ts";
import { explanationFrame } from "./explain.ts";
import { drainingMessage } from "./failures.ts";
import type { Host } from "./host.ts";
import { peerOf } from "./libc.ts";
import type { Peer } from "./libc.ts";
import type { Arrival } from "./lobby.ts";
import { log } from "./log.ts";
import { PassedStreams } from "./passed.ts";
import { capabilities, health } from "./reports.ts";
import { Session } from "./session.ts";

/** One connection to the plugin, from accept to close: the opening of the conversation, and then its session. */
export class Connection {
  readonly #host: Host;
  readonly #channel: Channel;
  readonly #conversation = new Conversation<PluginState>(PLUGIN_STATES, "start");
  readonly #peer: Peer;
  readonly #handshake: Timer;
  /** Kept, because a closed socket has none. */
  readonly #descriptor: number;
  #session: Session | undefined;
  #explainsDenials = false;
  #isToldOfApprovals = false;
  #passed: PassedStreams | undefined;

  constructor(host: Host, socket: Socket) {
    this.#host = host;
    this.#channel = new Channel(socket);
    this.#descriptor = this.#channel.descriptor;
    this.#peer = peerOf(this.#descriptor);
    const { handshakeMs } = host.config.limits;
    const late = (): void =>
      this.#refuse(new ProtocolError("handshake_timeout", `No request came within ${handshakeMs} ms`));
    this.#handshake = setTimeout(late, handshakeMs);
  }

  /** Begins to listen to the client, who may be gone already. Not before {@link Connection.closed} can be called. */
  begin(): void {
    this.#host.refresh();
    const { config, lobby, plugin } = this.#host;
    const { uids } = config.access;
    if (uids !== undefined && !uids.includes(this.#peer.uid)) {
      const found = `User ${this.#peer.uid} may not use the ${plugin.name} plugin`;
      this.#refuse(new ProtocolError("not_permitted", `${found}; its config lists who may in access.uids`));
      return;
    }
    this.#channel.pause();
    lobby.enter(this.#descriptor, (arrival) => this.#arrived(arrival));
  }

  /** Whether the client has not asked for anything yet: such a connection may be closed in favour of a newer one. */
  get isOpening(): boolean {
    return this.#session === undefined;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  receive(chunk: Uint8Array): void {
    try {
      this.#channel.receive(chunk, (frame) => this.#handle(frame));
    } catch (error) {
      this.#refuse(error);
    }
  }

  drained(): void {
    this.#channel.drained();
    this.#session?.pump();
  }

  /** The socket is closed. */
  closed(): void {
    clearTimeout(this.#handshake);
    this.#host.lobby.leave(this.#descriptor);
    if (this.#session === undefined) {
      this.#passed?.finish(false);
    } else {
      this.#session.abandon();
    }
  }

  /** Makes room for another connection. */
  evict(): void {
    this.#channel.terminate();
  }

  /** The first bytes, and the client's descriptors beside them. From here on Bun reads. */
  #arrived(arrival: Arrival): void {
    if (arrival.kind === "end") {
      this.#channel.terminate();
      return;
    }
    if (arrival.descriptors.length > 0) {
      const passed = PassedStreams.from(arrival.descriptors);
      if (this.#host.config.stdio === "auto") {
        this.#passed = passed;
      } else {
        passed?.finish(false);
      }
    }
    this.#channel.resume();
    this.receive(arrival.bytes);
  }

  #handle(frame: Frame): void {
    const isOver = this.#conversation.state === "over";
    this.#conversation.receive(frame.name, "client");
    if (isOver) {
      return;
    }
    switch (frame.name) {
      case "HELLO":
        this.#welcome(decodeHello(frame.payload));
        break;
      case "OPEN":
        clearTimeout(this.#handshake);
        if (this.#host.isStopping()) {
          throw new ProtocolError("draining", drainingMessage(this.#host.plugin.name));
        }
        this.#host.refresh();
        this.#session = new Session(this.#host, this.#asker(), decodeOpen(frame.payload), this.#passed);
        this.#session.start();
        break;
      case "HEALTH":
        this.#host.refresh();
        this.#answer("HEALTH_REPORT", encodeHealthReport(health(this.#host)));
        break;
      case "CAPABILITIES":
        this.#host.refresh();
        this.#answer("CAPABILITIES_REPORT", encodeCapabilitiesReport(capabilities(this.#host)));
        break;
      case "EXPLAIN":
        this.#host.refresh();
        this.#answer("EXPLANATION", explanationFrame(this.#host, decodeOpen(frame.payload, frame.name)));
        break;
      default:
        this.#session?.receive(frame);
    }
  }

  #asker(): Asker {
    const follow = (name: MessageName): void => this.#conversation.follow(name);
    return {
      channel: this.#channel,
      peer: this.#peer,
      follow,
      explainsDenials: this.#explainsDenials,
      isToldOfApprovals: this.#isToldOfApprovals,
    };
  }

  #welcome({ version, features }: { version: number; features: number }): void {
    if (version < PROTOCOL_VERSION) {
      throw new ProtocolError(
        "unsupported_version",
        `Cannot speak version ${version}: this plugin speaks ${PROTOCOL_VERSION}; upgrade the client`,
      );
    }
    this.#conversation.follow("WELCOME");
    if ((features & FEATURE.descriptors) === 0) {
      // Nobody said that what came beside these bytes was meant for the tool.
      this.#passed?.finish(false);
      this.#passed = undefined;
    }
    const explanations = features & FEATURE.explanations;
    this.#explainsDenials = explanations !== 0;
    const approvals = features & FEATURE.approvals;
    this.#isToldOfApprovals = approvals !== 0;
    const agreed = explanations | approvals | (this.#passed === undefined ? 0 : FEATURE.descriptors);
    this.#channel.hold(encodeWelcome({ version: PROTOCOL_VERSION, features: agreed }));
  }

  #answer(name: MessageName, frame: Uint8Array): void {
    this.#conversation.follow(name);
    this.#channel.send(frame);
    this.#channel.end();
  }

  /** One ERROR where it may still be said, then the end. What went wrong inside is for the log, not for the client. */
  #refuse(error: unknown): void {
    const known =
      error instanceof ProtocolError ? error : new ProtocolError("internal", "The plugin failed; its log says how");
    if (known !== error) {
      log("error", "internal", {
        tool: this.#host.plugin.name,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
    if (this.#conversation.state !== "over") {
      log("warn", "refused", {
        tool: this.#host.plugin.name,
        uid: this.#peer.uid,
        code: known.code,
        message: known.message,
      });
      this.#conversation.follow("ERROR");
      this.#channel.send(encodeError(known.code, known.message));
    }
    this.#session?.abandon();
    this.#channel.end();
  }
}
