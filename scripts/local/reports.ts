import type { Home } from "../home/home.ts";

/** What the client found out about one socket. */
export interface Report {
  readonly tool: string;
  readonly state: "ready" | "down";
  readonly socket: string;
  readonly pid: number | null;
  readonly since: string | null;
  readonly sessions: number;
  /** descriptors, frames, or null before the first call. */
  readonly carrier: string | null;
  /** What is wrong with the config as it is now; the plugin goes on with the rules of before. */
  readonly problem: string | null;
  readonly reason: string | null;
}

/** The client bounds each question by itself; this bounds the client. */
const ASK_MS = 8_000;

/** Asks every socket of this home for its health, by way of the client: the one program that speaks to plugins. */
export async function askPlugins(home: Home): Promise<Map<string, Report>> {
  if (!(await Bun.file(home.client).exists())) {
    return new Map();
  }
  const asking = Bun.spawn([home.client, "--list", "--json"], {
    cwd: home.folder,
    env: { ...process.env, PLUGIN_SOCKETS: home.sockets },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: ASK_MS,
  });
  const answer = await asking.stdout.text();
  const listed: unknown = answer.trim() === "" ? [] : JSON.parse(answer);
  const reports = Array.isArray(listed) ? listed.map(readReport).filter((report) => report !== undefined) : [];
  return new Map(reports.map((report) => [report.tool, report]));
}

function readReport(entry: unknown): Report | undefined {
  if (typeof entry !== "object" || entry === null) {
    return undefined;
  }
  const fields = new Map<string, unknown>(Object.entries(entry));
  const tool = text(fields.get("tool"));
  const socket = text(fields.get("socket"));
  if (tool === null || socket === null) {
    return undefined;
  }
  const state = fields.get("state") === "ready" ? "ready" : "down";
  return {
    tool,
    socket,
    state,
    pid: number(fields.get("pid")),
    since: text(fields.get("since")),
    sessions: number(fields.get("sessions")) ?? 0,
    carrier: fields.get("carrier") === "none" ? null : text(fields.get("carrier")),
    problem: text(fields.get("problem")) || null,
    // The client has more states than ready and down, "stopping" for one: those explain themselves.
    reason: text(fields.get("reason")) ?? (state === "ready" ? null : text(fields.get("state"))),
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
