import { configuredTools, type Home } from "../home/home.ts";
import { hasSocket, removeSocket } from "../home/socket-file.ts";
import { listContainers } from "./containers.ts";
import { docker, mustCompose } from "./docker.ts";
import { readEnvironment } from "./environment.ts";
import { AGENT, readServices } from "./services.ts";

/** Stops one plugin, or all and the agent, for good; resolves to one line for each. Volumes and images stay. */
export async function stop(home: Home, only?: string): Promise<string[]> {
  const { name, uid, gid, sockets } = await readEnvironment(home);
  const containers = await listContainers(name);
  const services = containers.size === 0 ? undefined : await readServices(home);
  const plugins = [...(services?.plugins ?? [])].filter(([tool]) => only === undefined || tool === only);
  const running = plugins.filter(([, service]) => containers.get(service.name)?.state === "running");
  if (sockets === "volume") {
    // Nobody reaches it once its container has stopped. Who calls from now on finds no plugin; who is in stays.
    await Promise.all(
      running.map(async ([, service]) => {
        await docker(["exec", "-u", `${uid}:${gid}`, containers.get(service.name)?.id ?? "", "sh", "-c", FORGET]);
      }),
    );
  }
  if (services !== undefined) {
    const names = plugins.map(([, service]) => service.name);
    await (only === undefined
      ? mustCompose(home, ["down", "--remove-orphans"], STOP_MS)
      : names.length > 0 && mustCompose(home, ["stop", ...names], STOP_MS));
  }
  const tools = only === undefined ? await configuredTools(home) : [only];
  const stale = tools.filter((tool) => hasSocket(home, tool));
  await Promise.all([...tools, ...plugins.map(([tool]) => tool)].map(async (tool) => await removeSocket(home, tool)));
  const stopped = running.map(([tool]) => tool);
  const agent = only === undefined && containers.get(AGENT)?.state === "running" ? ["Stopped the agent"] : [];
  return [
    ...agent,
    ...stopped.map((tool) => `Stopped ${tool}`),
    ...stale.filter((tool) => !stopped.includes(tool)).map((tool) => `Removed the socket of ${tool}`),
  ];
}

const FORGET = 'rm -f "/run/plugins/$PLUGIN_TOOL/$PLUGIN_TOOL.sock"';

const STOP_MS = 60_000;
