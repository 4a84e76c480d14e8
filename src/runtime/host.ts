import type { Config } from "../policy/config.ts";
import type { Lobby } from "./lobby.ts";
import type { Plugin } from "./plugin.ts";
import type { Slots } from "./slots.ts";

/** What all sessions of one daemon share. */
export interface Host {
  readonly config: Config;
  readonly plugin: Plugin;
  /** Real paths of the folders that a tool may be started in. */
  readonly roots: readonly string[];
  readonly slots: Slots;
  readonly lobby: Lobby;
  /** The tools that run: the mark of its session by the pid of each. */
  readonly tools: Map<number, string>;
  /** Whether the plugin takes no calls any more. */
  isStopping(): boolean;
  /** A name that no other session of this machine has. */
  nextMark(): string;
  /** A tool has ended: its orphans, if any, are ours to collect. */
  toolEnded(): void;
}
