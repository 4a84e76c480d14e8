import type { Home } from "../home/home.ts";

/** What a start works on. */
export interface Task {
  readonly home: Home;
  /** The checkout: compose.yaml is there. */
  readonly root: string;
  /** Real path. */
  readonly project: string;
  /** Undefined: all of them, and the agent. */
  readonly only: string | undefined;
  /** Takes a sentence for the user, beside the answer. */
  readonly note: (line: string) => void;
}
