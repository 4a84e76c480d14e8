// Local mode: the plugins as processes of this user. Called by scripts/run.sh, which has read the command line.
import { parseArgs } from "node:util";

import { brokerTool } from "../home/brokered.ts";
import { runCommand } from "../home/command.ts";
import { trueFolder } from "../home/folder.ts";
import { homeAt, type Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";
import { statusTable } from "../home/table.ts";
import { readBrokers } from "./broker.ts";
import { commandFolder, restart, runningProject, start, stopAll } from "./commands.ts";
import { askQuestions } from "./questions.ts";
import { readStatus } from "./status.ts";

const NOT_ISOLATED =
  "Local mode isolates nothing: the tools run as this user. They can read what this user can read, credentials too, and approve what a rule asks this user.";

const BROKER_NOT_ISOLATED = "So does a broker: nothing keeps a tool from its secrets.";

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      home: { type: "string" },
      caller: { type: "string" },
      project: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const home = homeAt(values.home ?? "");
  const caller = values.caller ?? "/";
  const [verb = "", tool] = positionals;
  switch (verb) {
    case "start":
      // One tool joins what runs, wherever it is started from.
      await start(home, values.project ?? (tool && (await runningProject(home))) ?? (await trueFolder(caller)), tool);
      return await showStatus(home, values.json, tool);
    case "restart":
      return await showRestart(
        home,
        values.json,
        await restart(home, values.project, await trueFolder(caller), tool),
        tool,
      );
    case "stop": {
      const lines = await stopAll(home, tool);
      console.log(lines.length === 0 ? "Nothing runs" : lines.join("\n"));
      return 0;
    }
    case "status":
      return await showStatus(home, values.json);
    case "where": {
      // With the slash and dot at its end no newline is cut from a name.
      const folder = await commandFolder(home, caller, values.project);
      console.log(folder === undefined ? "" : `${folder}/.`);
      return 0;
    }
    default:
      throw new Refusal(2, `Cannot ${verb}: not a command of local mode`);
  }
}

async function showRestart(home: Home, json: boolean, problem?: string, only?: string): Promise<number> {
  const status = await showStatus(home, json, only);
  if (problem === undefined) {
    return status;
  }
  console.error(`run.sh: ${problem}`);
  return 1;
}

/** The table shows all; the exit status is about the tool that was asked for, or about all. */
async function showStatus(home: Home, json: boolean, only?: string): Promise<number> {
  const plugins = await Promise.all((await readStatus(home)).map(async (row) => await askQuestions(home, row)));
  if (plugins.length === 0 && !json) {
    console.log("No plugin is installed: scripts/run.sh start installs and starts git");
    return 1;
  }
  const brokers = await readBrokers(home);
  const rows = [...plugins, ...brokers];
  const note = brokers.length > 0 ? `${NOT_ISOLATED}\n${BROKER_NOT_ISOLATED}` : NOT_ISOLATED;
  const report = { mode: "local", plugins, ...(brokers.length > 0 && { brokers }) };
  console.log(json ? JSON.stringify(report) : `${statusTable(rows)}\n${note}`);
  const asked = rows.filter(({ tool }) => only === undefined || tool === only || brokerTool(tool) === only);
  return asked.length > 0 && asked.every(({ state }) => state === "ready") ? 0 : 1;
}

process.exitCode = await runCommand(main, console.error);
