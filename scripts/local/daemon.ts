import { closeSync, fstatSync, openSync } from "node:fs";

import { approvalsPath, configPath, logPath, socketPath, type Home } from "../home/home.ts";
import { until } from "../home/until.ts";
import { isRunning, processBegan, readRecord, removeRecord, writeRecord } from "./record.ts";

/** How long the daemon may take to end by itself: longer than the 15 s that it gives the calls that run, and their grace. */
const STOP_MS = 20_000;

/** Starts the daemon of one tool in a session of its own, so that it outlives this terminal. */
export async function launch(home: Home, tool: string, project: string): Promise<void> {
  const log = openSync(logPath(home, tool), "a", 0o600);
  try {
    const logOffset = fstatSync(log).size;
    const paths = ["--socket", socketPath(home, tool), "--approvals", approvalsPath(home, tool)];
    const child = Bun.spawn([home.server, "serve", configPath(home, tool), ...paths], {
      // Not the project: what lies there is the agent's, and a daemon has no business in it.
      cwd: home.folder,
      env: daemonEnvironment(home, project),
      stdin: "ignore",
      stdout: log,
      stderr: log,
      detached: true,
    });
    child.unref();
    // A daemon that is gone already has no beginning; its record then says so to everyone who asks.
    const began = processBegan(child.pid) ?? "gone";
    await writeRecord(home, tool, { pid: child.pid, began, startedMs: Date.now(), project, logOffset });
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
function daemonEnvironment(home: Home, project: string): Record<string, string | undefined> {
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== home.cli);
  return { ...process.env, PATH: path.join(":"), PLUGIN_WORKSPACE: project, PLUGIN_SOCKETS: home.sockets };
}
