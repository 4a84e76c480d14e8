import type { Container } from "./containers.ts";
import type { Service } from "./services.ts";

/** How the agent's container is. */
export interface AgentStatus {
  readonly state: "ready" | "unhealthy" | "stopped" | "missing image";
  readonly pid: number | null;
  readonly since: string | null;
  readonly reason: string | null;
  readonly next: string | null;
}

/** `image` is the id that its image's name stands for now. */
export function agentStatus(service: Service, container?: Container, image?: string): AgentStatus {
  const silent = { pid: null, since: null };
  if (container?.state !== "running") {
    return image === undefined
      ? { ...silent, state: "missing image", reason: `${service.image} is not built`, next: START }
      : { ...silent, state: "stopped", reason: container === undefined ? "not started" : container.state, next: START };
  }
  const told = { pid: container.pid, since: new Date(container.startedMs).toISOString() };
  if (container.health === "unhealthy") {
    return { ...told, state: "unhealthy", reason: "its health check fails", next: "docker inspect shows what it says" };
  }
  if (image !== undefined && image !== container.image) {
    // Never taken up by itself: that would end the agent's session.
    return { ...told, state: "ready", reason: "of an older image", next: "scripts/run.sh restart ends its session" };
  }
  return { ...told, state: "ready", reason: null, next: null };
}

const START = "scripts/run.sh start";
