import { configuredTools, type Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";
import { hasSocket, removeSocket } from "../home/socket-file.ts";
import { listContainers } from "./containers.ts";
import { complaint, docker, type Outcome } from "./docker.ts";
import { readEnvironment } from "./environment.ts";
import { brokerTool } from "../home/brokered.ts";
import { AGENT, toolOfService, type Services } from "./services.ts";

/**
 * Stops one plugin, or all and the agent, for good; resolves to one line for each. Volumes and images stay.
 * By way of the engine alone: what runs has to be stoppable also when the compose files cannot be read.
 */
export async function stop(home: Home, only?: string): Promise<string[]> {
  const { name, uid, gid, sockets } = await readEnvironment(home);
  const all = [...(await listContainers(name)).values()];
  const chosen = all.filter(
    ({ service }) => only === undefined || toolOfService(service) === only || brokerTool(service) === only,
  );
  const running = chosen.filter(({ state }) => state === "running" || state === "restarting");
  if (sockets === "volume") {
    // Nobody reaches it once its container has stopped. Who calls from now on finds no plugin; who is in stays.
    await Promise.all(
      running.map(async ({ id }) => await docker(["exec", "-u", `${uid}:${gid}`, id, "sh", "-c", FORGET])),
    );
  }
  await each(running.map(({ id }) => ["stop", id]));
  if (only === undefined) {
    await each(all.map(({ id }) => ["rm", "-f", id]));
    const listed = await docker(["network", "ls", "-q", "--filter", `label=com.docker.compose.project=${name}`]);
    await each(listed.stdout.split("\n").flatMap((id) => (id === "" ? [] : [["network", "rm", id]])));
  }
  const stopped = running.map(({ service }) => toolOfService(service) ?? service);
  const tools = new Set([...(only === undefined ? await configuredTools(home) : [only]), ...stopped]);
  const stale = [...tools].filter((tool) => hasSocket(home, tool) && !stopped.includes(tool));
  await Promise.all([...tools].map(async (tool) => await removeSocket(home, tool)));
  return [
    ...stopped.map((tool) => (tool === AGENT ? "Stopped the agent" : `Stopped ${tool}`)),
    ...stale.map((tool) => `Removed the socket of ${tool}`),
  ].toSorted();
}

/** Takes away the brokers of tools whose configs ask for none any more: their services are in no compose file now. */
export async function removeUnwanted(home: Home, { brokers }: Services): Promise<void> {
  const { name } = await readEnvironment(home);
  const containers = [...(await listContainers(name)).values()];
  const unwanted = containers.filter(({ service }) => {
    const tool = brokerTool(service);
    return tool !== undefined && !brokers.has(tool);
  });
  await each(unwanted.map(({ id }) => ["stop", id]));
  await each(unwanted.map(({ id }) => ["rm", "-f", id]));
}

const FORGET = 'rm -f "/run/plugins/$PLUGIN_TOOL/$PLUGIN_TOOL.sock"';

/** A plugin may take 20 s to let its calls finish. */
const STOP_MS = 60_000;

/** All at once. @throws {Refusal} when one of them fails */
async function each(commands: readonly (readonly string[])[]): Promise<void> {
  const outcomes = await Promise.all(commands.map(async (args): Promise<Outcome> => await docker(args, STOP_MS)));
  const failed = outcomes.find(({ ok }) => !ok);
  if (failed !== undefined) {
    throw new Refusal(1, `Cannot stop everything: ${complaint(failed.stderr)}`);
  }
}
