import { realpath } from "node:fs/promises";

import { brokeredTools, brokerName, brokerTool } from "../home/brokered.ts";
import { brokenConfigs, refuseDoubleClaims } from "../home/config-check.ts";
import { isInside } from "../home/folder.ts";
import { configPath, configuredTools, type Home } from "../home/home.ts";
import { START_MS } from "../home/plugin-status.ts";
import { Refusal } from "../home/refusal.ts";
import { removeSocket } from "../home/socket-file.ts";
import { until } from "../home/until.ts";
import { startBroker, stopUnwanted } from "./broker.ts";
import { launch, stop } from "./daemon.ts";
import { isRunning, readRecord, readRecords } from "./record.ts";
import { readStatus } from "./status.ts";

const POLL_MS = 25;

/** Starts what does not run yet, and waits until each answers or has given up. */
export async function start(home: Home, project: string, only?: string): Promise<void> {
  const current = await runningProject(home);
  if (current !== undefined && current !== project) {
    throw new Refusal(
      1,
      `Cannot start for "${project}": this home runs for "${current}"; stop that first (scripts/run.sh stop), or set CLAUDE_CONTAINER_HOME to another folder`,
    );
  }
  const tools = await chosenTools(home, only);
  await refuseDoubleClaims(home);
  const answering = new Set((await readStatus(home)).filter(({ state }) => state === "ready").map(({ tool }) => tool));
  const brokered = await brokeredTools(home);
  await stopUnwanted(home, tools);
  for (const tool of tools) {
    const broker = brokered.includes(tool) ? await startBroker(home, tool, project) : undefined;
    const record = await readRecord(home, tool);
    const runs = record !== undefined && isRunning(record);
    if (runs && record.broker !== broker) {
      // It was told of another when it was started, or of none.
      await stop(home, tool);
      await launch(home, tool, project, broker);
    } else if (!answering.has(tool) && !runs) {
      await launch(home, tool, project, broker);
    }
  }
  await until(
    async () => {
      const status = await readStatus(home);
      return !status.some(({ tool, state }) => tools.includes(tool) && state === "starting");
    },
    START_MS,
    POLL_MS,
  );
}

/** Stops one plugin or all for good; resolves to one line for each. Those whose config is gone are stopped too. */
export async function stopAll(home: Home, only?: string): Promise<string[]> {
  const tools = [...(await readRecords(home)).keys()].filter(
    (tool) => only === undefined || tool === only || brokerTool(tool) === only,
  );
  return await Promise.all(
    tools.map(async (tool) => {
      const drained = await stop(home, tool);
      await removeSocket(home, tool);
      return drained ? `Stopped ${tool}` : `Killed ${tool}: its calls did not finish in time`;
    }),
  );
}

/**
 * Stops and starts. A config that is broken now is found out first: then the plugin goes on with the one it has, and
 * the errors of the config are what this resolves to.
 */
export async function restart(
  home: Home,
  project: string | undefined,
  caller: string,
  only?: string,
): Promise<string | undefined> {
  const current = await runningProject(home);
  const next = project ?? current ?? caller;
  if (only !== undefined && current !== undefined && current !== next) {
    throw new Refusal(
      1,
      `Cannot restart ${only} for "${next}": the other plugins run for "${current}"; restart all of them`,
    );
  }
  const tools = await chosenTools(home, only);
  const errors = await brokenConfigs(home, tools);
  const broken = [...errors.values()].join("\n");
  if (broken !== "" && current !== undefined && current !== next) {
    throw new Refusal(1, `Cannot restart for "${next}":\n${broken}`);
  }
  // The socket files stay: a call in between finds the file, and waits for the next daemon.
  const sound = tools.filter((tool) => !errors.has(tool)).flatMap((tool) => [tool, brokerName(tool)]);
  await Promise.all(sound.map(async (name) => await stop(home, name)));
  if (broken === "" && only === undefined) {
    const gone = [...(await readRecords(home)).keys()].filter((tool) => !tools.includes(tool));
    await Promise.all(gone.map(async (tool) => await stopAll(home, tool)));
  }
  await start(home, next, only);
  return broken === "" ? undefined : `Not restarted, for the config is broken; what ran goes on as before:\n${broken}`;
}

/**
 * Where a command of the user runs: undefined to stay in the caller's folder, which lies inside the project.
 * @throws {Refusal} 125 when nothing runs, or not for this project
 */
export async function commandFolder(home: Home, caller: string, project?: string): Promise<string | undefined> {
  const current = await runningProject(home);
  if (current === undefined) {
    throw new Refusal(125, "Nothing runs: start it with scripts/run.sh start");
  }
  if (project !== undefined && project !== current) {
    throw new Refusal(125, `Cannot work in "${project}": the plugins run for "${current}"`);
  }
  const here = await realpath(caller).catch(() => undefined);
  return here !== undefined && isInside(here, current) ? undefined : current;
}

export async function runningProject(home: Home): Promise<string | undefined> {
  return [...(await readRecords(home)).values()].find(isRunning)?.project;
}

async function chosenTools(home: Home, only: string | undefined): Promise<string[]> {
  const tools = await configuredTools(home);
  if (only === undefined) {
    return tools;
  }
  if (!tools.includes(only)) {
    throw new Refusal(1, `Cannot find the plugin "${only}": there is no ${configPath(home, only)}`);
  }
  return [only];
}
