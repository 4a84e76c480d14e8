import type { Decision } from "../policy/decision.ts";
import { refusalOf } from "../policy/evaluate.ts";
import type { Channel } from "../protocol/channel.ts";
import { decodeOutputClosed, decodeSignal, decodeWantOutput, decodeWindow } from "../protocol/client-messages.ts";
import type { Open } from "../protocol/client-messages.ts";
import type { ErrorName, MessageName, SignalName } from "../protocol/constants.ts";
import { encodeFrame } from "../protocol/frame.ts";
import type { Frame } from "../protocol/frame.ts";
import { encodeError, encodeExit } from "../protocol/plugin-messages.ts";
import type { Ending } from "../protocol/plugin-messages.ts";
import { decide } from "./decide.ts";
import { denialFrames } from "./explain.ts";
import type { Host } from "./host.ts";
import type { Peer } from "./libc.ts";
import type { LogFields } from "./log.ts";
import type { PassedStreams } from "./passed.ts";
import { Limits } from "./limits.ts";
import { logSession } from "./session-log.ts";
import { Streams } from "./streams.ts";
import { NotStarted, ToolRun } from "./tool-run.ts";

/** What ends a tool that has not started yet. */
const ENDING_SIGNALS: ReadonlySet<SignalName> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]);

/** Who asks, over which connection. `follow` tells the conversation what is about to be sent. */
export interface Asker {
  readonly channel: Channel;
  readonly peer: Peer;
  readonly follow: (name: MessageName) => void;
  /** Whether the client wants a denial as programs read it, too. */
  readonly explainsDenials: boolean;
}

/** One invocation, from OPEN to EXIT. */
export class Session {
  readonly #host: Host;
  readonly #asker: Asker;
  readonly #open: Open;
  readonly #passed: PassedStreams | undefined;
  readonly #mark: string;
  readonly #startedMs = performance.now();
  readonly #givenUp = new AbortController();
  readonly #limits: Limits;
  #cwd = "";
  #decision: Decision | undefined;
  /** As the config had it when the rules refused. */
  #enforcement: string | undefined;
  #streams: Streams | undefined;
  #run: ToolRun | undefined;
  #hasSlot = false;
  #isOver = false;
  readonly #ended = Promise.withResolvers<void>();

  /** `passed` are the client's own streams, if they came. */
  constructor(host: Host, asker: Asker, open: Open, passed: PassedStreams | undefined) {
    this.#host = host;
    this.#asker = asker;
    this.#open = open;
    this.#passed = passed;
    this.#mark = host.nextMark();
    this.#limits = new Limits(host.config.limits, host.plugin.name, (code, message) => this.#fail(code, message));
  }

  start(): void {
    const outcome = decide(this.#host, this.#open);
    if (outcome.kind === "error") {
      this.#fail(outcome.code, outcome.message);
      return;
    }
    this.#decision = outcome.decision;
    this.#enforcement = outcome.decision.effect === "allow" ? undefined : this.#host.config.enforcement;
    this.#cwd = outcome.invocation.cwd;
    const refusal = refusalOf(this.#host.config, outcome.decision);
    if (refusal !== undefined) {
      const { explanation, deny } = denialFrames(this.#host, outcome.invocation, refusal);
      if (this.#asker.explainsDenials) {
        this.#send("EXPLANATION", explanation);
      }
      this.#finish("DENY", deny, {});
      return;
    }
    this.#hasSlot = this.#host.slots.tryTake();
    if (this.#hasSlot) {
      this.#admitted();
    } else {
      void this.#queue();
    }
  }

  /** A message after OPEN that the conversation has accepted. */
  receive({ name, payload }: Frame): void {
    this.#limits.moved();
    if (name === "STDIN") {
      this.#streams?.receive(payload);
    } else if (name === "STDIN_END") {
      this.#streams?.endInput();
    } else if (name === "WANT_OUTPUT") {
      const { stream, bytes } = decodeWantOutput(payload);
      this.#streams?.want(stream, bytes);
    } else if (name === "OUTPUT_CLOSED") {
      this.#streams?.closeOutput(decodeOutputClosed(payload));
    } else if (name === "WINDOW") {
      this.#streams?.resize(decodeWindow(payload));
    } else if (name === "SIGNAL") {
      this.#signal(decodeSignal(payload));
    }
  }

  /** The socket has room again. */
  pump(): void {
    this.#streams?.pump();
  }

  /** The connection is gone, or the client broke the rules: the tool and what came of it end. */
  abandon(): void {
    if (!this.#isOver) {
      this.#over({ lost: true });
      void this.#run?.terminate();
    }
    this.#streams?.abandon();
  }

  /** The plugin takes no new work: a call that has not begun is sent on to the next daemon. Resolves when nothing is left of this one. */
  async drain(): Promise<void> {
    if (!this.#isOver && this.#run === undefined) {
      this.#fail("draining", drainingMessage(this.#host.plugin.name));
    }
    await this.#ended.promise;
  }

  /** The plugin stops. Resolves when the tool is gone. */
  async stop(): Promise<void> {
    const { name } = this.#host.plugin;
    if (!this.#isOver) {
      this.#fail("stopping", `The ${name} plugin was stopped while ${name} ran; run it again once the plugin is back`);
    }
    if (this.#run?.isTerminating === true) {
      await this.#run.terminate();
    }
  }

  async #queue(): Promise<void> {
    this.#hasSlot = await this.#host.slots.take(this.#givenUp.signal);
    if (this.#isOver) {
      this.#releaseSlot();
    } else if (this.#hasSlot) {
      this.#admitted();
    } else {
      const { sessions, queue } = this.#host.config.limits;
      const found = `${sessions} calls run and up to ${queue} wait`;
      this.#fail(
        "busy",
        `The ${this.#host.plugin.name} plugin is busy: ${found}; try again later, or raise limits.sessions in its config`,
      );
    }
  }

  #admitted(): void {
    try {
      if (this.#passed === undefined) {
        this.#send("ALLOW", encodeFrame("ALLOW"));
        const { terminals, window } = this.#open;
        this.#streams = new Streams(this.#asker.channel, terminals, window);
      }
      const streams = this.#passed ?? this.#streams;
      if (streams !== undefined) {
        this.#run = ToolRun.start(this.#host, this.#open, this.#cwd, this.#mark, streams);
      }
    } catch (error) {
      this.#notStarted(error as Error);
      return;
    }
    this.#limits.start();
    this.#streams?.start();
    void this.#run?.ended.then((ending) => this.#toolEnded(ending));
  }

  #notStarted(error: Error): void {
    if (error instanceof NotStarted && error.code === "ENOENT") {
      this.#fail(
        "tool_missing",
        `Cannot start ${error.file}: it is not installed beside the plugin; install it there, or set exec in the config`,
      );
    } else {
      this.#fail("tool_not_started", error.message);
    }
    void this.#streams?.finish();
  }

  #signal(signal: SignalName): void {
    if (this.#run !== undefined) {
      this.#run.signal(signal);
    } else if (ENDING_SIGNALS.has(signal)) {
      this.#finish("EXIT", encodeExit({ ending: { signal }, stdinBytes: 0 }), { signal });
    }
  }

  async #toolEnded(ending: Ending): Promise<void> {
    try {
      const stdinBytes = (await this.#streams?.finish()) ?? 0;
      if (!this.#isOver) {
        this.#finish("EXIT", encodeExit({ ending, stdinBytes }), "code" in ending ? { exit: ending.code } : ending);
      }
      if (this.#run?.isTerminating === true) {
        await this.#run.terminate();
      }
    } finally {
      this.#passed?.finish(this.#run?.isTerminating === true);
      this.#releaseSlot();
      this.#host.toolEnded();
      this.#ended.resolve();
    }
  }

  /** One ERROR, then the end of the connection and of the tool. */
  #fail(code: ErrorName, message: string): void {
    this.#finish("ERROR", encodeError(code, message), { error: code });
    void this.#run?.terminate();
    this.#streams?.abandon();
  }

  #finish(name: MessageName, frame: Uint8Array, result: LogFields): void {
    this.#send(name, frame);
    this.#over(result);
    this.#asker.channel.end();
  }

  #send(name: MessageName, frame: Uint8Array): void {
    this.#asker.follow(name);
    this.#asker.channel.send(frame);
  }

  #over(result: LogFields): void {
    this.#isOver = true;
    this.#givenUp.abort();
    this.#limits.stop();
    if (this.#run === undefined) {
      this.#passed?.finish(false);
      this.#releaseSlot();
      this.#ended.resolve();
    }
    const carrier = this.#run === undefined ? undefined : this.#passed === undefined ? "frames" : "descriptors";
    this.#host.carrier = carrier ?? this.#host.carrier;
    const ms = Math.round(performance.now() - this.#startedMs);
    const rest = { enforcement: this.#enforcement, session: this.#mark, uid: this.#asker.peer.uid, carrier, ms };
    logSession(this.#open, this.#decision, { ...rest, ...result });
  }

  #releaseSlot(): void {
    if (this.#hasSlot) {
      this.#hasSlot = false;
      this.#host.slots.release();
    }
  }
}

/** What a client is told whose call has not begun: it may ask again, and does. */
export function drainingMessage(tool: string): string {
  return `The ${tool} plugin is being replaced and takes no new calls; the next one will`;
}
