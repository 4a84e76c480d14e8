import type { Config } from "../policy/config.ts";
import type { CarrierName } from "../protocol/constants.ts";
import type { Approvals } from "./approvals.ts";
import type { Identity } from "./identity.ts";
import type { Lobby } from "./lobby.ts";
import type { Plugin } from "./plugin.ts";
import type { Slots } from "./slots.ts";

/** What all sessions of one daemon share. */
export interface Host {
  /** As it is in use now; {@link Host.refresh} may change it. */
  readonly config: Config;
  /** Why the config's file is not what is in use; empty when it is. */
  readonly configProblem: string;
  readonly plugin: Plugin;
  /** Whom the tools run as; undefined: as the daemon. */
  readonly identity: Identity | undefined;
  /** Real paths of the folders that a tool may be started in. */
  readonly roots: readonly string[];
  /** How the streams of the last session travelled. */
  carrier: CarrierName;
  readonly slots: Slots;
  readonly lobby: Lobby;
  /** Where people are asked; undefined: nobody can be. */
  readonly approvals: Approvals | undefined;
  /** The tools that run, and what is asked of them beside calls: the mark of its session by the pid of each. */
  readonly tools: Map<number, string>;
  /** Takes over what the config's file says now. */
  refresh(): void;
  /** Whether the plugin takes no calls any more. */
  isStopping(): boolean;
  /** A name that no other session of this machine has. */
  nextMark(): string;
  /** A tool has ended: what it left running is ours to end. */
  readonly toolEnded: () => void;
}
