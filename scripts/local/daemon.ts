import { closeSync, fstatSync, openSync } from "node:fs";

import { brokerName } from "../home/brokered.ts";
import { approvalsPath, brokerCaPath, configPath, logPath, socketPath, type Home } from "../home/home.ts";
import { until } from "../home/until.ts";
import { isRunning, processBegan, readRecord, removeRecord, writeRecord, type RunRecord } from "./record.ts";

/** How long the daemon may take to end by itself: longer than the 10 s that it gives the calls that run, and their grace. */
const STOP_MS = 20_000;

/** Starts the daemon of one tool; with `broker`, it asks that one. */
export async function launch(home: Home, tool: string, project: string, broker?: string): Promise<void> {
  const record = run(home, tool, {
    args: [
      "serve",
      configPath(home, tool),
      "--socket",
      socketPath(home, tool),
      "--approvals",
      approvalsPath(home, tool),
    ],
    env: {
      PLUGIN_WORKSPACE: project,
      ...(broker === undefined ? {} : { PLUGIN_BROKER: broker, PLUGIN_BROKER_CA: brokerCaPath(home, tool) }),
    },
  });
  await writeRecord(home, tool, { ...record, project, ...(broker === undefined ? {} : { broker }) });
}

/** Starts the broker of one tool, a process beside the daemon. */
export async function launchBroker(home: Home, tool: string, project: string, port: number): Promise<void> {
  const record = run(home, brokerName(tool), {
    args: ["broker", configPath(home, tool), "--listen", `127.0.0.1:${port}`],
    env: {
      PLUGIN_SECRETS: `${home.folder}/secrets`,
      PLUGIN_MIRRORS: `${home.run}/mirrors`,
      PLUGIN_BROKER_CA: brokerCaPath(home, tool),
    },
  });
  await writeRecord(home, brokerName(tool), { ...record, project });
}

interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** In a session of its own, so that it outlives this terminal. */
function run(home: Home, name: string, { args, env }: Command): Omit<RunRecord, "project"> {
  const log = openSync(logPath(home, name), "a", 0o600);
  try {
    const logOffset = fstatSync(log).size;
    const child = Bun.spawn([home.server, ...args], {
      // Not the project: what lies there is the agent's, and a daemon has no business in it.
      cwd: home.folder,
      env: { ...ownEnvironment(home), ...env },
      stdin: "ignore",
      stdout: log,
      stderr: log,
      detached: true,
    });
    child.unref();
    // One that is gone already has no beginning; its record then says so to everyone who asks.
    const began = processBegan(child.pid) ?? "gone";
    return { pid: child.pid, began, startedMs: Date.now(), logOffset };
  } finally {
    closeSync(log);
  }
}

/** TERM, time to drain, KILL. Resolves to whether it ended by itself; true also when nothing ran. */
export async function stop(home: Home, tool: string): Promise<boolean> {
  const record = await readRecord(home, tool);
  let drained = true;
  if (record !== undefined && isRunning(record)) {
    signal(record.pid, "SIGTERM");
    drained = await until(() => !isRunning(record), STOP_MS, POLL_MS);
    if (!drained) {
      signal(record.pid, "SIGKILL");
      await until(() => !isRunning(record), STOP_MS, POLL_MS);
    }
  }
  await removeRecord(home, tool);
  return drained;
}

const POLL_MS = 25;

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended in between, which is what was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) {
      throw error;
    }
  }
}

/** Whoever starts us from `run.sh shell` has our own client as `git` in PATH: the daemon would call itself. */
function ownEnvironment(home: Home): Record<string, string | undefined> {
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== home.cli);
  return { ...process.env, PATH: path.join(":"), PLUGIN_SOCKETS: home.sockets };
}
