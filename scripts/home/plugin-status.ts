/**
 * How a plugin is, in the words that `status` shows. `down` is local mode's for what does not run; the states of
 * containers tell more: that one was stopped, was never built, or ended by itself (`failed`). `failing` is a broker's that
 * runs, and whose upstream or credential does not work.
 */
export type State =
  | "ready"
  | "starting"
  | "unhealthy"
  | "failing"
  | "down"
  | "stopped"
  | "failed"
  | "missing image"
  | "config invalid"
  | "socket stale";

/** One row of `status`, and one element of `plugins` in `status --json`. */
export interface PluginStatus {
  readonly tool: string;
  readonly state: State;
  readonly socket: string;
  readonly pid: number | null;
  /** ISO 8601. */
  readonly since: string | null;
  readonly sessions: number;
  /** How many calls wait for a person's answer; not there where that cannot be asked. */
  readonly questions?: number;
  /** How the streams of the last call travelled: descriptors or frames; null before the first. */
  readonly carrier: string | null;
  readonly reason: string | null;
  /** What to do about it. */
  readonly next: string | null;
}

/** How long a plugin that does not answer counts as starting; also the limit of `start`. */
export const START_MS = 15_000;
