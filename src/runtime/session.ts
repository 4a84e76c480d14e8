import type { Decision, Refused } from "../policy/decision.ts";
import { pendingSentence, unapproved } from "../policy/approval.ts";
import { refusalOf, type Invocation } from "../policy/evaluate.ts";
import { decodeSignal, type Open } from "../protocol/client-messages.ts";
import type { MessageName, SignalName } from "../protocol/constants.ts";
import { encodeFrame, type Frame } from "../protocol/frame.ts";
import { encodeError, encodeExit, encodePending, type Ending } from "../protocol/plugin-messages.ts";
import { tellWithAlias } from "./alias.ts";
import { decide } from "./decide.ts";
import type { Approvals } from "./approvals.ts";
import type { Asker } from "./asker.ts";
import { denialFrames } from "./explain.ts";
import {
  busyFailure,
  drainingMessage,
  internalFailure,
  notStartedFailure,
  stoppingMessage,
  type Failure,
} from "./failures.ts";
import { holdCall, type Approval } from "./held-call.ts";
import type { Host } from "./host.ts";
import type { LogFields } from "./log.ts";
import type { PassedStreams } from "./passed.ts";
import { Limits } from "./limits.ts";
import { logSession } from "./session-log.ts";
import { Streams } from "./streams.ts";
import { ENDING_SIGNALS, ToolRun } from "./tool-run.ts";

/** One invocation, from OPEN to EXIT. */
export class Session {
  readonly #host: Host;
  readonly #asker: Asker;
  readonly #open: Open;
  readonly #passed: PassedStreams | undefined;
  readonly #mark: string;
  readonly #startedMs = performance.now();
  readonly #givenUp = new AbortController();
  #limits: Limits;
  #cwd = "";
  #decision: Decision | undefined;
  /** As the config had it when the rules refused. */
  #enforcement: string | undefined;
  /** What a person said, where one was asked. */
  #approval: Approval | undefined;
  #isPending = false;
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
    this.#limits = this.#newLimits();
  }

  start(): void {
    const outcome = decide(this.#host, this.#open);
    if (outcome.kind === "error") {
      this.#fail(outcome);
      return;
    }
    this.#decided(outcome.decision);
    const { invocation } = outcome;
    this.#cwd = invocation.cwd;
    const refusal = refusalOf(this.#host.config, outcome.decision);
    const { approvals } = this.#host;
    if (refusal === undefined) {
      this.#allowed();
    } else if (refusal.effect === "deny") {
      this.#refuse(invocation, refusal);
    } else if (approvals === undefined) {
      this.#refuse(invocation, unapproved(refusal, { kind: "nobody" }));
    } else {
      void this.#hold(approvals);
    }
  }

  /** A person decides. The call stays as it is meanwhile, its streams too: nothing of it has begun. */
  async #hold(approvals: Approvals): Promise<void> {
    const release = await holdCall(this.#host, approvals, {
      open: this.#open,
      uid: this.#asker.peer.uid,
      mark: this.#mark,
      givenUp: this.#givenUp.signal,
      pending: (asked, line) => this.#tellPending(pendingSentence(asked, line)),
    }).catch((error: unknown) => internalFailure(this.#host, error));
    if (this.#isOver || release.kind === "given_up") {
      return;
    }
    if (release.kind === "error") {
      this.#fail(release);
      return;
    }
    this.#decided(release.decision);
    this.#approval = release.approval;
    if (release.kind === "refused") {
      this.#refuse(release.invocation, release.refusal);
      return;
    }
    this.#cwd = release.cwd;
    this.#limits = this.#newLimits();
    if (this.#isPending) {
      this.#tellPending("");
    }
    this.#allowed();
  }

  #tellPending(message: string): void {
    if (this.#asker.isToldOfApprovals) {
      this.#isPending = true;
      this.#send("PENDING", encodePending(message));
    }
  }

  #decided(decision: Decision): void {
    this.#decision = decision;
    this.#enforcement = decision.effect === "allow" ? undefined : this.#host.config.enforcement;
  }

  #refuse(invocation: Invocation, refusal: Refused): void {
    tellWithAlias(this.#host, this.#open, { invocation, refusal, mark: this.#mark }, (told) => {
      if (!this.#isOver) {
        const { explanation, deny } = denialFrames(this.#host, invocation, told);
        if (this.#asker.explainsDenials) {
          this.#send("EXPLANATION", explanation);
        }
        this.#finish("DENY", deny, {});
      }
    });
  }

  #newLimits(): Limits {
    const { config, plugin } = this.#host;
    return new Limits(config.limits, plugin.name, (code, message) => this.#fail({ code, message }));
  }

  #allowed(): void {
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
    if (name === "SIGNAL") {
      this.#signal(decodeSignal(payload));
    } else {
      this.#streams?.take({ name, payload });
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
      this.#fail({ code: "draining", message: drainingMessage(this.#host.plugin.name) });
    }
    await this.#ended.promise;
  }

  /** The plugin stops. Resolves when the tool is gone. */
  async stop(): Promise<void> {
    if (!this.#isOver) {
      this.#fail({ code: "stopping", message: stoppingMessage(this.#host.plugin.name) });
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
      this.#fail(busyFailure(this.#host));
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
    this.#fail(notStartedFailure(error));
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
  #fail({ code, message }: Failure): void {
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
    const rest = { session: this.#mark, uid: this.#asker.peer.uid, carrier, ms };
    const why = { enforcement: this.#enforcement, ...this.#approval };
    logSession(this.#open, this.#decision, { ...why, ...rest, ...result });
  }

  #releaseSlot(): void {
    if (this.#hasSlot) {
      this.#hasSlot = false;
      this.#host.slots.release();
    }
  }
}
