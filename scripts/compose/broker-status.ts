import { brokerRow, readBrokerReport } from "../home/broker-health.ts";
import { brokerName } from "../home/brokered.ts";
import type { PluginStatus } from "../home/plugin-status.ts";
import type { Container } from "./containers.ts";
import { docker } from "./docker.ts";
import type { Service } from "./services.ts";
import { silence } from "./silence.ts";

/** How the broker of a tool is. `image` is the id that its image's name stands for now. */
export async function brokerStatus(
  tool: string,
  service: Service,
  container?: Container,
  image?: string,
): Promise<PluginStatus> {
  const start = `scripts/run.sh start ${tool}`;
  const found: PluginStatus = {
    tool: brokerName(tool),
    state: "stopped",
    socket: "",
    pid: container === undefined || container.pid === 0 ? null : container.pid,
    since: container?.state === "running" ? new Date(container.startedMs).toISOString() : null,
    sessions: 0,
    carrier: null,
    reason: "not started",
    next: start,
  };
  if (container === undefined) {
    return image === undefined
      ? { ...found, state: "missing image", reason: `${service.image} is not here`, next: `${start} builds it` }
      : found;
  }
  const asked = container.state === "running" ? await docker(["exec", container.id, ...ASK], ASK_MS) : undefined;
  const report = asked === undefined ? undefined : readBrokerReport(asked.stdout);
  if (report === undefined) {
    const [state, reason, next] = await silence(tool, container, start);
    return { ...found, state, reason, next };
  }
  const row = brokerRow(found, report);
  const isOld = row.state === "ready" && image !== undefined && image !== container.image;
  return isOld ? { ...row, reason: "of an older image", next: `scripts/run.sh restart ${tool}` } : row;
}

const ASK = ["plugin-server", "health", "http://127.0.0.1:8080", "--json"];
const ASK_MS = 3_000;
