import { brokenConfigs } from "../home/config-check.ts";
import { configPath, configuredTools, socketPath, type Home } from "../home/home.ts";
import type { PluginStatus, State } from "../home/plugin-status.ts";
import { withQuestions } from "../home/questions.ts";
import { hasSocket } from "../home/socket-file.ts";
import { brokerStatus } from "./broker-status.ts";
import { listContainers, type Container } from "./containers.ts";
import { readEnvironment } from "./environment.ts";
import { askHealth } from "./health.ts";
import { countQuestions } from "./questions.ts";
import { imageIds } from "./images.ts";
import { readServices, type Service } from "./services.ts";
import { silence } from "./silence.ts";
import { agentStatus, type AgentStatus } from "./agent-status.ts";

export interface ComposeStatus {
  readonly mode: "compose";
  readonly project: string | null;
  readonly agent: AgentStatus;
  readonly plugins: readonly PluginStatus[];
  /** Not there when no tool has one. */
  readonly brokers?: readonly PluginStatus[];
}

/**
 * Every tool with a config, and whatever else runs in this home's compose project. `asksQuestions`: with what waits for a
 * person, for which each plugin is asked once more.
 */
export async function readStatus(home: Home, asksQuestions = false): Promise<ComposeStatus> {
  const { name, project, sockets, uid, gid } = await readEnvironment(home);
  const [services, containers, images, configured] = await Promise.all([
    readServices(home),
    listContainers(name),
    imageIds(),
    configuredTools(home),
  ]);
  const running = [...services.plugins].filter(([, { name }]) => containers.get(name)?.state === "running");
  const tools = [...new Set([...configured, ...running.map(([tool]) => tool)])].toSorted();
  const looked = await Promise.all(
    tools.map(async (tool): Promise<PluginStatus> => {
      const service = services.plugins.get(tool);
      const container = service && containers.get(service.name);
      const image = service && images.get(service.image);
      const found = await lookAt(home, { tool, service, container, image, user: `${uid}:${gid}` });
      const hasEnded = found.state === "stopped" && container?.state !== "paused";
      const isStale = hasEnded && sockets === "folder" && hasSocket(home, tool);
      return isStale
        ? { ...found, ...STALE, next: `scripts/run.sh start ${tool}, or stop ${tool}, which removes it` }
        : found;
    }),
  );
  // Afterwards: a plugin that is asked two things at once takes longer to say that it is well.
  const plugins = await Promise.all(
    looked.map(async (row) => {
      const container = containers.get(services.plugins.get(row.tool)?.name ?? "");
      const isAsked = asksQuestions && container !== undefined && row.since !== null;
      return isAsked ? withQuestions(row, await countQuestions(container.id)) : row;
    }),
  );
  const brokers = await Promise.all(
    [...services.brokers].map(
      async ([tool, service]) =>
        await brokerStatus(tool, service, containers.get(service.name), images.get(service.image)),
    ),
  );
  const agent = agentStatus(services.agent, containers.get(services.agent.name), images.get(services.agent.image));
  return { mode: "compose", project: project ?? null, agent, plugins, ...(brokers.length > 0 && { brokers }) };
}

const STALE = {
  state: "socket stale",
  reason: "it is stopped, but its socket is there, and calls wait for it in vain",
} as const;

interface Seen {
  readonly tool: string;
  readonly service: Service | undefined;
  readonly container: Container | undefined;
  /** Id of the image that its name stands for now. */
  readonly image: string | undefined;
  /** Whose the plugins' sockets are, as `uid:gid`. */
  readonly user: string;
}

async function lookAt(home: Home, { tool, service, container, image, user }: Seen): Promise<PluginStatus> {
  const row = (state: State, reason: string | null, next: string | null): PluginStatus => ({
    tool,
    state,
    socket: socketPath(home, tool),
    pid: container === undefined || container.pid === 0 ? null : container.pid,
    since: null,
    sessions: 0,
    carrier: null,
    reason,
    next,
  });
  const start = `scripts/run.sh start ${tool}`;
  if (service === undefined) {
    return row(
      "stopped",
      `no service runs it: there is no ${home.compose}/${tool}.yaml`,
      `scripts/add-tool.sh ${tool}`,
    );
  }
  const health = container?.state === "running" ? await askHealth(container.id, user) : undefined;
  if (container !== undefined && health?.isReady === true) {
    const { since, sessions, carrier, problem } = health;
    const told = { ...row("ready", null, null), since, sessions, carrier };
    if (problem !== null) {
      return { ...told, state: "config invalid", reason: problem, next: "the rules of before hold until it is mended" };
    }
    const isOld = image !== undefined && image !== container.image;
    return isOld ? { ...told, reason: "of an older image", next: `scripts/run.sh restart ${tool}` } : told;
  }
  const broken = (await brokenConfigs(home, [tool])).get(tool);
  if (broken !== undefined) {
    return row("config invalid", broken, `mend ${configPath(home, tool)}, then ${start}`);
  }
  if (container === undefined) {
    return image === undefined
      ? row(
          "missing image",
          `${service.image} is not here`,
          service.build === undefined ? `docker pull ${service.image}` : `${start} builds it`,
        )
      : row("stopped", "not started", start);
  }
  return row(...(await silence(tool, container, start)));
}
