import { brokerTool } from "../home/brokered.ts";
import { brokenConfigs } from "../home/config-check.ts";
import type { Home } from "../home/home.ts";
import { START_MS } from "../home/plugin-status.ts";
import { Refusal } from "../home/refusal.ts";
import { until } from "../home/until.ts";
import { mustCompose } from "./docker.ts";
import { chosenTools, prepare, runningProject } from "./prepare.ts";
import type { Service } from "./services.ts";
import { readStatus } from "./status.ts";
import { removeUnwanted } from "./stop.ts";
import type { Task } from "./task.ts";

/** Builds what is missing, starts what does not run, and waits until each answers or has given up. */
export async function start(task: Task): Promise<void> {
  const { home, project, only } = task;
  const current = await runningProject(home);
  if (current !== undefined && current !== project) {
    throw new Refusal(
      1,
      `Cannot start for "${project}": this home runs for "${current}"; stop that first (scripts/run.sh stop), or set CLAUDE_CONTAINER_HOME to another folder`,
    );
  }
  const { services, plugins } = await prepare(task);
  await up(home, plugins, []);
  await removeUnwanted(home, services);
  // One that runs stays as it is, for in it is somebody's session: `restart` takes up another image or config.
  if (only === undefined) {
    await up(home, [services.agent], ["--no-recreate"]);
  }
  await settle(home, only);
}

/**
 * Plugins anew; the agent's container only when its image or its config is another now. A plugin whose config is broken
 * goes on as it is, and the errors are what this resolves to.
 */
export async function restart(task: Task): Promise<string | undefined> {
  const { home, project, only } = task;
  const current = await runningProject(home);
  if (only !== undefined && current !== undefined && current !== project) {
    throw new Refusal(
      1,
      `Cannot restart ${only} for "${project}": the other plugins run for "${current}"; restart all of them`,
    );
  }
  const errors = await brokenConfigs(home, await chosenTools(home, only));
  const broken = [...errors.values()].join("\n");
  if (broken !== "" && current !== undefined && current !== project) {
    throw new Refusal(1, `Cannot restart for "${project}":\n${broken}`);
  }
  const { services, plugins } = await prepare(task);
  const sound = [...services.brokers, ...services.plugins].filter(
    ([tool, service]) => plugins.includes(service) && !errors.has(tool),
  );
  await up(
    home,
    sound.map(([, service]) => service),
    ["--force-recreate"],
  );
  await removeUnwanted(home, services);
  if (only === undefined) {
    await up(home, [services.agent], []);
  }
  await settle(home, only);
  return broken === "" ? undefined : `Not restarted, for the config is broken; what ran goes on as before:\n${broken}`;
}

/** Without what they depend on: a plugin that cannot start must not keep the agent, or another plugin, from it. */
async function up(home: Home, services: readonly Service[], options: readonly string[]): Promise<void> {
  if (services.length > 0) {
    const names = services.map(({ name }) => name);
    await mustCompose(home, ["up", "-d", "--no-deps", "--no-build", ...options, ...names], UP_MS);
  }
}

const UP_MS = 180_000;
const POLL_MS = 150;

async function settle(home: Home, only?: string): Promise<void> {
  await until(
    async () => {
      const { plugins, brokers = [] } = await readStatus(home);
      return ![...plugins, ...brokers].some(
        ({ tool, state }) => state === "starting" && (only === undefined || tool === only || brokerTool(tool) === only),
      );
    },
    START_MS + 2_000,
    POLL_MS,
  );
}
