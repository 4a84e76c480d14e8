import type { CasePolicy } from "./policy.ts";

/** What the runner of the attack corpus says of one case. */
export interface Situation {
  readonly policy: CasePolicy;
  /** Folder of the workspace, and the folder above it, which is a case's own. */
  readonly ws: string;
  readonly workspaceRoot: string;
  /** What a plugin that keeps credentials beside the tool would have: its environment, and its HOME. */
  readonly daemonEnv: Readonly<Record<string, string>>;
  readonly home: string;
  readonly upstream: {
    readonly gitUrl: string;
    readonly gitToken: string;
    readonly registry: string;
    readonly npmToken: string;
  };
}

/** One call of a tool. */
export interface Attack {
  readonly tool: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin: string;
  readonly tty?: boolean;
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly denied: boolean;
}

/** The measures that {@link measuresOff} can name, each of which closes a class of attacks. */
export const MEASURES = ["broker", "network", "uid", "environment"] as const;
export type Measure = (typeof MEASURES)[number];

/** The measures that are off in this run, from ATTACK_WITHOUT: none, unless mutations.ts asks what each is for. */
export const measuresOff: ReadonlySet<Measure> = new Set(
  MEASURES.filter((measure) => (process.env["ATTACK_WITHOUT"] ?? "").split(",").includes(measure)),
);
