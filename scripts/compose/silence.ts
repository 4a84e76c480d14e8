import { lastWords } from "../home/last-words.ts";
import { START_MS, type State } from "../home/plugin-status.ts";
import type { Container } from "./containers.ts";
import { docker } from "./docker.ts";

/** Why a container does not answer, and what to do about it. */
export async function silence(tool: string, container: Container, start: string): Promise<[State, string, string]> {
  const { id, state, exitCode, restarts, isOutOfMemory, health, startedMs } = container;
  // The engine also says so of one whose tool had too little, and which was stopped later.
  const hasStarved = isOutOfMemory && exitCode === KILLED;
  const hasFallen = state === "restarting" || restarts > 0 || state === "dead";
  if (hasFallen || hasStarved || (state === "exited" && !STOPPED.includes(exitCode))) {
    const { stdout, stderr } = await docker(["logs", "--tail", "20", id]);
    const words = lastWords(`${stdout}${stderr}`) ?? "without a word";
    // The status of one that was started again is not that of the run that failed.
    const exited = state === "running" ? "ends again and again" : `exited with ${exitCode}`;
    const cause = hasStarved ? "ended for lack of memory (mem_limit)" : exited;
    return ["failed", `${cause}: ${words}`, `mend that, then scripts/run.sh restart ${tool}`];
  }
  if (state === "paused") {
    return ["stopped", "paused", `docker unpause ${id.slice(0, 12)}`];
  }
  if (state !== "running") {
    return ["stopped", state === "created" ? "not started" : "stopped", start];
  }
  const isYoung = Date.now() - startedMs < START_MS && health !== "unhealthy";
  return isYoung
    ? ["starting", "it does not answer yet", `scripts/run.sh logs ${tool}`]
    : ["unhealthy", "it runs, but does not answer", `scripts/run.sh logs ${tool}, then restart ${tool}`];
}

const KILLED = 137;

/** How a container ends that somebody stopped: by itself after TERM, or by a signal. */
const STOPPED: readonly number[] = [0, 130, KILLED, 143];
