import type { Decision } from "../policy/evaluate.ts";
import { clip } from "../policy/printable.ts";
import type { Channel } from "../protocol/channel.ts";
import { decodeOutputClosed, decodeSignal, decodeWantOutput, decodeWindow } from "../protocol/client-messages.ts";
import type { Open } from "../protocol/client-messages.ts";
import { CARRIER } from "../protocol/constants.ts";
import type { ErrorName, MessageName } from "../protocol/constants.ts";
import { canPassDescriptors } from "../protocol/descriptors.ts";
import { encodeFrame } from "../protocol/frame.ts";
import type { Frame } from "../protocol/frame.ts";
import { encodeDeny, encodeError, encodeExit } from "../protocol/plugin-messages.ts";
import type { Ending } from "../protocol/plugin-messages.ts";
import { decide } from "./decide.ts";
import type { Host } from "./host.ts";
import type { Peer } from "./libc.ts";
import { log } from "./log.ts";
import { PassedStreams } from "./passed.ts";
import { prepare } from "./prepare.ts";
import type { Prepared } from "./prepare.ts";
import { ticksNow } from "./processes.ts";
import { signalGroup, spawnTool } from "./spawn.ts";
import { Streams } from "./streams.ts";
import { terminate } from "./terminate.ts";
import type { Family } from "./terminate.ts";

/** Arguments and folders are cut to this in the log. */
const MAX_LOGGED_CHARS = 4096;

/** One invocation, from OPEN to EXIT. */
export class Session {
  readonly #host: Host;
  readonly #channel: Channel;
  readonly #peer: Peer;
  readonly #open: Open;
  readonly #follow: (name: MessageName) => void;
  readonly #startedMs = performance.now();
  readonly #mark: string;
  readonly #givenUp = new AbortController();
  readonly #timers: Timer[] = [];
  #cwd = "";
  #decision: Decision | undefined;
  #prepared: Prepared | undefined;
  #carrier: "descriptors" | "frames" = "frames";
  #attached: Channel | undefined;
  #streams: Streams | undefined;
  #passed: PassedStreams | undefined;
  #family: Family | undefined;
  #terminating: Promise<void> | undefined;
  #lastActivityMs = performance.now();
  #hasSlot = false;
  #isOver = false;

  /** `follow` tells the conversation what is about to be sent. */
  constructor(host: Host, channel: Channel, peer: Peer, open: Open, follow: (name: MessageName) => void) {
    this.#host = host;
    this.#channel = channel;
    this.#peer = peer;
    this.#open = open;
    this.#follow = follow;
    this.#mark = host.nextMark();
  }

  start(): void {
    const outcome = decide(this.#host, this.#open);
    if (outcome.kind === "error") {
      this.#fail(outcome.code, outcome.message);
      return;
    }
    this.#decision = outcome.decision;
    this.#cwd = outcome.cwd;
    if (outcome.decision.effect === "deny") {
      const { rule, message } = outcome.decision;
      this.#finish("DENY", encodeDeny({ rule, message }), {});
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
    this.#lastActivityMs = performance.now();
    if (name === "PASSED") {
      this.#takeDescriptors();
    } else if (name === "STDIN") {
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
    this.#givenUp.abort();
    this.#attached?.terminate();
    if (!this.#isOver) {
      this.#over({ lost: true });
      this.#terminate();
    }
    this.#streams?.abandon();
  }

  /** The plugin stops. Resolves when the tool is gone. */
  async stop(): Promise<void> {
    this.#givenUp.abort();
    if (!this.#isOver) {
      this.#fail("stopping", `The ${this.#host.plugin.name} plugin was stopped while ${this.#host.plugin.name} ran; run it again once the plugin is back`);
    }
    await this.#terminating;
  }

  async #queue(): Promise<void> {
    const { sessions, queue } = this.#host.config.limits;
    this.#hasSlot = await this.#host.slots.take(this.#givenUp.signal);
    if (this.#isOver) {
      this.#releaseSlot();
    } else if (this.#hasSlot) {
      this.#admitted();
    } else {
      const state = `${sessions} calls run and up to ${queue} wait`;
      this.#fail("busy", `The ${this.#host.plugin.name} plugin is busy: ${state}; try again when some have ended, or raise limits.sessions`);
    }
  }

  #admitted(): void {
    const { token, carrier } = this.#open;
    if (carrier !== CARRIER.descriptors || this.#host.config.stdio === "relay" || !canPassDescriptors()) {
      this.#relay();
      return;
    }
    this.#attached = this.#host.attachments.take(token, this.#peer);
    if (this.#attached === undefined) {
      void this.#awaitAttachment();
    } else {
      this.#askForDescriptors();
    }
  }

  async #awaitAttachment(): Promise<void> {
    await this.#host.attachments.arrival(this.#open.token, this.#host.config.limits.handshakeMs);
    if (this.#isOver) {
      return;
    }
    this.#attached = this.#host.attachments.take(this.#open.token, this.#peer);
    if (this.#attached === undefined) {
      this.#relay();
    } else {
      this.#askForDescriptors();
    }
  }

  #askForDescriptors(): void {
    const { handshakeMs } = this.#host.config.limits;
    const late = (): void => this.#fail("handshake_timeout", `No descriptors came within ${handshakeMs} ms of PASS; run the command again`);
    this.#timers.push(setTimeout(late, handshakeMs));
    this.#send("PASS", encodeFrame("PASS"));
    // While the client is at it.
    this.#prepared = prepare(this.#host, this.#open, this.#mark);
  }

  #takeDescriptors(): void {
    this.#clearTimers();
    this.#passed = this.#attached === undefined ? undefined : PassedStreams.take(this.#attached.descriptor);
    this.#attached?.terminate();
    this.#attached = undefined;
    if (this.#passed === undefined) {
      this.#relay();
      return;
    }
    this.#carrier = "descriptors";
    this.#launch(this.#passed, false);
  }

  #relay(): void {
    this.#send("ALLOW", encodeFrame("ALLOW"));
    try {
      this.#streams = new Streams(this.#channel, this.#open.terminals, this.#open.window);
    } catch (cause) {
      this.#fail("tool_not_started", (cause as Error).message);
      return;
    }
    if (this.#launch(this.#streams, this.#streams.hasTerminal)) {
      this.#streams.start();
    }
  }

  /** Starts the tool on the streams of a carrier. */
  #launch(streams: Streams | PassedStreams, hasTerminal: boolean): boolean {
    const { plugin, tools } = this.#host;
    const { file, env } = this.#prepared ?? prepare(this.#host, this.#open, this.#mark);
    const bornAfterTicks = ticksNow();
    try {
      if (file === undefined) {
        throw Object.assign(new Error(), { code: "ENOENT" });
      }
      const { stdio } = streams;
      const tool = spawnTool({ file, name: plugin.name, args: this.#open.args, cwd: this.#cwd, env, stdio, hasTerminal });
      this.#family = { tool, mark: this.#mark, bornAfterTicks };
      tools.add(tool.pid);
      void tool.ended.then((ending) => this.#toolEnded(ending));
    } catch (cause) {
      this.#notStarted(file ?? plugin.name, (cause as NodeJS.ErrnoException).code ?? "unknown error");
    }
    streams.handOver();
    this.#limit();
    return this.#family !== undefined;
  }

  #notStarted(file: string, reason: string): void {
    if (reason === "ENOENT") {
      this.#fail("tool_missing", `Cannot start ${file}: it is not installed beside the plugin; install it there or set exec in the config`);
    } else {
      this.#fail("tool_not_started", `Cannot start ${file}: ${reason}`);
    }
    void this.#streams?.finish();
  }

  #limit(): void {
    const { timeoutMs, idleMs } = this.#host.config.limits;
    const name = this.#host.plugin.name;
    if (timeoutMs !== undefined) {
      this.#timers.push(setTimeout(() => this.#fail("time_limit", `${name} ran for ${timeoutMs} ms, which is limits.timeout, and was ended`), timeoutMs));
    }
    if (idleMs !== undefined) {
      const check = (): void => {
        if (performance.now() - this.#lastActivityMs > idleMs) {
          this.#fail("idle_limit", `${name} moved no data for ${idleMs} ms, which is limits.idle, and was ended`);
        }
      };
      this.#timers.push(setInterval(check, Math.ceil(idleMs / 4)));
    }
  }

  /** SIGTSTP would be ignored by a group that no shell looks after, so the group is stopped for certain. */
  #signal(signal: ReturnType<typeof decodeSignal>): void {
    if (this.#family !== undefined && !this.#isOver) {
      signalGroup(this.#family.tool.pid, signal === "SIGTSTP" ? "SIGSTOP" : signal);
    }
  }

  async #toolEnded(ending: Ending): Promise<void> {
    this.#host.tools.delete(this.#family?.tool.pid ?? 0);
    try {
      const stdinBytes = this.#streams === undefined ? 0 : await this.#streams.finish();
      if (!this.#isOver) {
        this.#finish("EXIT", encodeExit({ ending, stdinBytes }), "code" in ending ? { exit: ending.code } : ending);
      }
      await this.#terminating;
      this.#passed?.finish(this.#terminating !== undefined);
    } finally {
      this.#releaseSlot();
      this.#host.toolEnded();
    }
  }

  /** One ERROR, then the end of the connection and of the tool. */
  #fail(code: ErrorName, message: string): void {
    this.#finish("ERROR", encodeError(code, message), { error: code });
    this.#terminate();
    this.#streams?.abandon();
  }

  #terminate(): void {
    if (this.#family === undefined) {
      this.#releaseSlot();
    } else {
      this.#terminating ??= terminate(this.#family, this.#host.config.limits.graceMs, this.#host.tools);
    }
  }

  #finish(name: MessageName, frame: Uint8Array, result: Readonly<Record<string, unknown>>): void {
    this.#send(name, frame);
    this.#over(result);
    this.#channel.end();
  }

  #send(name: MessageName, frame: Uint8Array): void {
    this.#follow(name);
    this.#channel.send(frame);
  }

  #over(result: Readonly<Record<string, unknown>>): void {
    this.#isOver = true;
    this.#clearTimers();
    log("info", "session", {
      tool: clip(this.#open.tool, 64),
      session: this.#mark,
      uid: this.#peer.uid,
      args: this.#open.args.length === 0 ? "" : clip(JSON.stringify(this.#open.args), MAX_LOGGED_CHARS),
      cwd: clip(this.#open.cwd, MAX_LOGGED_CHARS),
      decision: this.#decision?.effect,
      rule: this.#decision?.rule,
      carrier: this.#family === undefined ? undefined : this.#carrier,
      ms: Math.round(performance.now() - this.#startedMs),
      ...result,
    });
  }

  #clearTimers(): void {
    for (const timer of this.#timers.splice(0)) {
      clearTimeout(timer);
    }
  }

  #releaseSlot(): void {
    if (this.#hasSlot) {
      this.#hasSlot = false;
      this.#host.slots.release();
    }
  }
}
