import { complaint, docker } from "./docker.ts";
import { Refusal } from "../home/refusal.ts";

/** What the engine knows of the container of one service. */
export interface Container {
  readonly id: string;
  readonly service: string;
  /** Id of the image that it was made from, which the name may have left since. */
  readonly image: string;
  readonly state: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  /** undefined: the image has no health check. */
  readonly health: "starting" | "healthy" | "unhealthy" | undefined;
  readonly pid: number;
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
  /** How often the engine has started it again, because it had ended by itself. */
  readonly restarts: number;
  readonly startedMs: number;
}

/** The containers of a compose project by their service, stopped ones too. */
export async function listContainers(project: string): Promise<Map<string, Container>> {
  const filters = [`label=com.docker.compose.project=${project}`, "label=com.docker.compose.oneoff=False"];
  const listed = await docker(["ps", "-aq", ...filters.flatMap((filter) => ["--filter", filter])]);
  if (!listed.ok) {
    throw new Refusal(1, `Cannot ask the container engine what runs: ${complaint(listed.stderr)}`);
  }
  const ids = listed.stdout.split("\n").filter((id) => id !== "");
  if (ids.length === 0) {
    return new Map();
  }
  // One that is removed in between is missing from the answer: what is there counts, not the exit status.
  const { stdout } = await docker(["inspect", "--type", "container", ...ids]);
  const containers = (JSON.parse(stdout) as Inspected[]).map(containerOf);
  return new Map(containers.map((container) => [container.service, container]));
}

/** The part of `docker inspect` that is read here. */
interface Inspected {
  readonly Id: string;
  readonly Image: string;
  readonly RestartCount: number;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly State: {
    readonly Status: Container["state"];
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
}

function containerOf({ Id, Image, RestartCount, Config, State }: Inspected): Container {
  const health = State.Health?.Status;
  return {
    id: Id,
    service: Config.Labels["com.docker.compose.service"] ?? "",
    image: Image,
    state: State.Status,
    health: health === "starting" || health === "healthy" || health === "unhealthy" ? health : undefined,
    pid: State.Pid,
    exitCode: State.ExitCode,
    isOutOfMemory: State.OOMKilled,
    restarts: RestartCount,
    startedMs: Date.parse(State.StartedAt),
  };
}
