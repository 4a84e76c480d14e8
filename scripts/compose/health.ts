import { docker } from "./docker.ts";

/** What a plugin says of itself. */
export interface Health {
  readonly isReady: boolean;
  readonly since: string | null;
  readonly sessions: number;
  readonly carrier: string | null;
  /** What is wrong with its config as it is now, null when nothing is. */
  readonly problem: string | null;
}

/**
 * Asks a plugin in its own container; undefined when it does not answer. As `user`, the owner of its socket's folder: the
 * root of that container may not enter it.
 */
export async function askHealth(container: string, user: string): Promise<Health | undefined> {
  const { stdout } = await docker(["exec", "--user", user, container, "sh", "-c", ASK], ASK_MS);
  try {
    const answer: unknown = JSON.parse(stdout);
    return typeof answer === "object" && answer !== null ? readHealth(new Map(Object.entries(answer))) : undefined;
  } catch {
    return undefined;
  }
}

// The image knows which tool it is for.
const ASK = 'exec plugin-server health "/run/plugins/$PLUGIN_TOOL/$PLUGIN_TOOL.sock" --json';

/** The question itself takes 2 s at the most; the rest is for an engine that is busy. */
const ASK_MS = 5_000;

function readHealth(fields: ReadonlyMap<string, unknown>): Health {
  const sinceMs = fields.get("sinceMs");
  const carrier = fields.get("carrier");
  const problem = fields.get("problem");
  return {
    isReady: fields.get("state") === "ready",
    since: typeof sinceMs === "number" ? new Date(sinceMs).toISOString() : null,
    sessions: Number(fields.get("sessions") ?? 0),
    carrier: carrier === "descriptors" || carrier === "frames" ? carrier : null,
    problem: typeof problem === "string" && problem !== "" ? problem : null,
  };
}
