import { realpath } from "node:fs/promises";

import { launch, stop, until } from "./daemon.ts";
import { configPath, configuredTools, type Home } from "./home.ts";
import { isRunning, readRecord, readRecords } from "./record.ts";
import { readStatus, START_MS } from "./status.ts";

/** An answer to the user that is no success: one sentence, and the exit status. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

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
  const answering = new Set((await readStatus(home)).filter(({ state }) => state === "ready").map(({ tool }) => tool));
  for (const tool of tools) {
    const record = await readRecord(home, tool);
    if (!answering.has(tool) && (record === undefined || !isRunning(record))) {
      await launch(home, tool, project);
    }
  }
  await until(async () => {
    const status = await readStatus(home);
    return !status.some(({ tool, state }) => tools.includes(tool) && state === "starting");
  }, START_MS);
}

/** Stops one plugin or all; resolves to one line for each. Those whose config is gone are stopped too. */
export async function stopAll(home: Home, only?: string): Promise<string[]> {
  const tools = [...(await readRecords(home)).keys()].filter((tool) => only === undefined || tool === only);
  return await Promise.all(
    tools.map(async (tool) => {
      const drained = await stop(home, tool);
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
  const checked = await Promise.all(tools.map(async (tool) => ({ tool, errors: await checkConfig(home, tool) })));
  const broken = checked.flatMap(({ errors }) => errors ?? []).join("\n");
  if (broken !== "" && current !== undefined && current !== next) {
    throw new Refusal(1, `Cannot restart for "${next}":\n${broken}`);
  }
  if (broken === "" && only === undefined) {
    await stopAll(home);
  } else {
    const sound = checked.filter(({ errors }) => errors === undefined);
    await Promise.all(sound.map(async ({ tool }) => await stop(home, tool)));
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
  return here === current || here?.startsWith(current === "/" ? "/" : `${current}/`) === true ? undefined : current;
}

async function runningProject(home: Home): Promise<string | undefined> {
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

/** The errors of a config as `plugin-server check` words them, undefined if it is sound. */
async function checkConfig(home: Home, tool: string): Promise<string | undefined> {
  const checking = Bun.spawn([home.server, "check", configPath(home, tool)], {
    cwd: home.folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const [errors, status] = await Promise.all([checking.stderr.text(), checking.exited]);
  return status === 0 ? undefined : errors.trimEnd();
}
