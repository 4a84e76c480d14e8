import { refuseDoubleClaims } from "../home/config-check.ts";
import { configPath, configuredTools, type Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";
import { listContainers } from "./containers.ts";
import { mustCompose } from "./docker.ts";
import { readEnvironment, writeEnvironment } from "./environment.ts";
import { buildImages } from "./images.ts";
import { ownerOf } from "./owner.ts";
import { readServices, type Service, type Services } from "./services.ts";
import { chooseSockets } from "./sockets.ts";
import type { Task } from "./task.ts";

/** Everything that comes before `up`: refusals, compose.env, images. */
export async function prepare(task: Task): Promise<{ services: Services; plugins: Service[] }> {
  const { home, root, project, only, note } = task;
  const tools = await chosenTools(home, only);
  await refuseDoubleClaims(home);
  const before = await readEnvironment(home);
  const owner = await ownerOf(home, project);
  if (owner.isRoot && before.uid !== "0") {
    note(`"${project}" belongs to root, so the agent and its tools run as root in their containers`);
  }
  const environment = { ...before, project, uid: owner.uid, gid: owner.gid };
  const problem = await writeEnvironment(home, root, environment);
  if (problem !== undefined) {
    note(problem);
  }
  let services = await readServices(home);
  const missing = only !== undefined && !services.plugins.has(only);
  if (missing) {
    throw new Refusal(
      1,
      `Cannot find a service for "${only}" in the compose files: scripts/add-tool.sh ${only} makes one`,
    );
  }
  // A broker before its plugin, which has nobody to ask without it.
  const ofTools = (): Service[] =>
    tools.flatMap((tool) => [services.brokers.get(tool) ?? [], services.plugins.get(tool) ?? []].flat());
  await buildImages(task, [...(only === undefined ? [services.agent] : []), ...ofTools()]);
  const sockets = await chooseSockets(home, services);
  if (sockets !== environment.sockets) {
    await writeEnvironment(home, root, { ...environment, sockets });
    services = await readServices(home);
  }
  if (sockets === "volume") {
    // The folders in it, each of which is what one plugin mounts, are made by a container.
    await mustCompose(home, ["run", "--rm", "--no-deps", "sockets", ...tools], RUN_MS);
  }
  return { services, plugins: ofTools() };
}

const RUN_MS = 60_000;

/** The project that this home runs for, undefined when nothing of it runs. */
export async function runningProject(home: Home): Promise<string | undefined> {
  const { name, project } = await readEnvironment(home);
  const containers = [...(await listContainers(name)).values()];
  return containers.some(({ state }) => state === "running" || state === "restarting") ? project : undefined;
}

export async function chosenTools(home: Home, only: string | undefined): Promise<string[]> {
  const tools = await configuredTools(home);
  if (only !== undefined && !tools.includes(only)) {
    throw new Refusal(1, `Cannot find the plugin "${only}": there is no ${configPath(home, only)}`);
  }
  return only === undefined ? tools : [only];
}
