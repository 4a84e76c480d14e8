import { workFolder } from "../home/folder.ts";
import type { Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";
import { listContainers } from "./containers.ts";
import { readEnvironment } from "./environment.ts";
import { AGENT } from "./services.ts";

/**
 * The agent's container, and the folder in it where a command of the user runs.
 * @throws {Refusal} 125 when it does not run, or not for this project
 */
export async function agentPlace(home: Home, caller: string, project?: string): Promise<readonly [string, string]> {
  const { name, project: current } = await readEnvironment(home);
  const agent = (await listContainers(name)).get(AGENT);
  if (agent?.state !== "running" || current === undefined) {
    throw new Refusal(125, "The agent's container does not run: start it with scripts/run.sh start");
  }
  if (project !== undefined && project !== current) {
    throw new Refusal(125, `Cannot work in "${project}": the plugins run for "${current}"`);
  }
  return [agent.id, await workFolder(caller, current)];
}
