// What waits for a person's approval, in both modes. Called by scripts/run.sh, which has read the command line.
import { parseArgs } from "node:util";

import { runCommand } from "../home/command.ts";
import { homeAt, type Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";
import { Board, give } from "./board.ts";
import { listPlaces, type Mode, type Place } from "./places.ts";
import { objectionOf, type State, type Verdict } from "./question.ts";
import { TerminalView } from "./terminal.ts";
import { visible } from "./visible.ts";
import { servePage } from "./web.ts";

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      home: { type: "string", default: "" },
      mode: { type: "string", default: "local" },
      by: { type: "string", default: "" },
      json: { type: "boolean", default: false },
      web: { type: "boolean", default: false },
    },
  });
  const home = homeAt(values.home);
  const mode = values.mode === "compose" ? "compose" : "local";
  const { by } = values;
  const [verb = "", id = "", ...rest] = positionals;
  if (verb === "approve" || verb === "deny") {
    return await answer(home, mode, {
      id,
      verdict: verdictOf(verb, rest),
      by,
      word: verb === "deny" ? rest.join(" ") : "",
    });
  }
  if (values.json) {
    const states = await Promise.all((await listPlaces(home, mode)).map(readState));
    console.log(JSON.stringify(states.flatMap((state) => state?.questions ?? [])));
    return 0;
  }
  if ((await listPlaces(home, mode)).length === 0) {
    throw new Refusal(1, "Nothing runs that could ask: start it with scripts/run.sh start");
  }
  const board = new Board(home, mode);
  await board.start();
  process.on("exit", () => board.stop());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => process.exit(0));
  }
  if (values.web) {
    const { url } = servePage(board, by);
    console.log(`Approvals: ${url}\nWhoever has this address can answer; Ctrl-C ends it`);
    await new Promise(() => {});
  }
  await new TerminalView(board, by, (line) => console.log(line)).run(process.stdin);
  board.stop();
  return 0;
}

function verdictOf(verb: string, [how = "once"]: readonly string[]): Verdict {
  if (verb === "deny") {
    return "deny";
  }
  if (how !== "once" && how !== "session") {
    throw new Refusal(2, `Cannot approve "${visible(how)}": approve ID once, or approve ID session`);
  }
  return how;
}

interface Given {
  readonly id: string;
  readonly verdict: Verdict;
  readonly by: string;
  readonly word: string;
}

/** The id begins with the tool. */
async function answer(home: Home, mode: Mode, { id, ...given }: Given): Promise<number> {
  const tool = id.slice(0, Math.max(0, id.lastIndexOf("-")));
  const place = (await listPlaces(home, mode)).find((candidate) => candidate.tool === tool);
  if (place === undefined) {
    throw new Refusal(
      1,
      `Cannot find the question "${visible(id)}": scripts/run.sh approvals --json lists those that wait`,
    );
  }
  const objection = objectionOf(await give(place, id, given));
  if (objection !== undefined) {
    throw new Refusal(1, objection);
  }
  return 0;
}

async function readState(place: Place): Promise<State | undefined> {
  const child = Bun.spawn(place.command("list", "--json"), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: LIST_MS,
  });
  const text = await child.stdout.text();
  return (await child.exited) === 0 ? (JSON.parse(text) as State) : undefined;
}

const LIST_MS = 10_000;

process.exit(await runCommand(main, console.error));
