// Compose mode: the agent and each plugin in a container. Called by scripts/run.sh, which has read the command line.
import { parseArgs } from "node:util";

import { brokerTool } from "../home/brokered.ts";
import { runCommand } from "../home/command.ts";
import { trueFolder } from "../home/folder.ts";
import { homeAt, type Home } from "../home/home.ts";
import type { PluginStatus } from "../home/plugin-status.ts";
import { Refusal } from "../home/refusal.ts";
import { statusTable } from "../home/table.ts";
import { agentPlace } from "./agent-place.ts";
import { restart, start } from "./commands.ts";
import { refreshEnvironment } from "./environment.ts";
import { runningProject } from "./prepare.ts";
import { readStatus, type ComposeStatus } from "./status.ts";
import { stop } from "./stop.ts";

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      home: { type: "string", default: "" },
      caller: { type: "string", default: "/" },
      project: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const home = homeAt(values.home);
  const root = process.cwd();
  const [verb = "", only] = positionals;
  switch (verb) {
    case "start": {
      // One tool joins what runs, wherever it is started from.
      const current = only === undefined ? undefined : await runningProject(home);
      const project = values.project ?? current ?? (await trueFolder(values.caller));
      await start({ home, root, project, only, note });
      return await showStatus(home, values.json, only);
    }
    case "restart": {
      const project = values.project ?? (await runningProject(home)) ?? (await trueFolder(values.caller));
      const problem = await restart({ home, root, project, only, note });
      const status = await showStatus(home, values.json, only);
      if (problem !== undefined) {
        note(problem);
      }
      return problem === undefined ? status : 1;
    }
    case "stop": {
      const lines = await stop(home, only);
      console.log(lines.length === 0 ? "Nothing runs" : lines.join("\n"));
      return 0;
    }
    case "status":
      await refresh(home);
      return await showStatus(home, values.json);
    case "where": {
      const [container, folder] = await agentPlace(home, values.caller, values.project);
      // With the slash and dot at its end no newline is cut from a name.
      console.log(`${container}\n${folder}/.`);
      return 0;
    }
    case "refresh":
      await refresh(home);
      return 0;
    default:
      throw new Refusal(2, `Cannot ${verb}: not a command of compose mode`);
  }
}

async function refresh(home: Home): Promise<void> {
  const problem = await refreshEnvironment(home, process.cwd());
  if (problem !== undefined) {
    note(problem);
  }
}

/** Beside the answer, which a program may read. */
function note(line: string): void {
  console.error(`run.sh: ${line}`);
}

/** The table shows all; the exit status is about the tool that was asked for, or about all and the agent. */
async function showStatus(home: Home, json: boolean, only?: string): Promise<number> {
  const status = await readStatus(home, true);
  console.log(json ? JSON.stringify(status) : statusTable(rowsOf(status)));
  const asked = rowsOf(status)
    .slice(1)
    .filter(({ tool }) => only === undefined || tool === only || brokerTool(tool) === only);
  const isAgentWell = only !== undefined || status.agent.state === "ready";
  return isAgentWell && asked.length > 0 && asked.every(({ state }) => state === "ready") ? 0 : 1;
}

/** The agent's first. */
function rowsOf(status: ComposeStatus): PluginStatus[] {
  return [agentRow(status), ...status.plugins, ...(status.brokers ?? [])];
}

function agentRow({ agent }: ComposeStatus): PluginStatus {
  return { tool: "(agent)", socket: "", sessions: 0, carrier: null, ...agent };
}

process.exitCode = await runCommand(main, console.error);
