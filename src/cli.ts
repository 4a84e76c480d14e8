import { cac, type CAC } from "cac";

import manifest from "../package.json" with { type: "json" };
import { approvals } from "./cli/approvals.ts";
import { runBroker } from "./cli/broker.ts";
import { check } from "./cli/check.ts";
import { explain } from "./cli/explain.ts";
import { givenEnvironment } from "./cli/given-environment.ts";
import { health } from "./cli/health.ts";
import { helpSections } from "./cli/help.ts";
import type { PluginSet } from "./cli/plugin-set.ts";
import { STATUS, type Report } from "./cli/report.ts";
import { replay } from "./cli/replay.ts";
import { serve } from "./cli/serve.ts";
import { testCases } from "./cli/test-cases.ts";
import { usageProblem } from "./cli/usage.ts";

export type { PluginSet };

/**
 * plugin-server: reads `argv` (with the two leading words of process.argv), does what it says, and ends the process.
 * Exit status: 0 done, 1 the answer is no (a broken config, a failing case, a daemon that cannot start), 2 wrong usage.
 */
export async function runCli(set: PluginSet, argv: readonly string[]): Promise<void> {
  const cli = describeCommands(set);
  cli.parse([...argv], { run: false });
  if (cli.options["help"] === true) {
    return;
  }
  if (cli.options["version"] === true) {
    process.stdout.write(`plugin-server ${manifest.version}\n`);
    return;
  }
  const problem = usageProblem(cli, argv.includes("--"));
  if (problem !== undefined) {
    const help = cli.matchedCommandName === undefined ? "" : ` ${cli.matchedCommandName}`;
    process.stderr.write(`plugin-server: ${problem}\nTry \`plugin-server${help} --help\`\n`);
    process.exitCode = STATUS.usage;
    return;
  }
  process.exitCode = await (cli.runMatchedCommand() as Promise<number>);
}

/** Commands with their options; every action resolves to the exit status. */
function describeCommands(set: PluginSet): CAC {
  const cli = cac("plugin-server");
  cli
    .command("serve <config>", "Run the daemon of one tool until it is told to stop")
    .option("--socket <path>", "Where to listen")
    .option("--approvals <path>", "Where people answer what rules ask; a folder that nobody else may enter")
    .option("--as-owner", "As root: run the tool, and touch files, as the owner of PLUGIN_WORKSPACE")
    .action(async (file: string, { socket, approvals, asOwner }: Options) => {
      const log = (line: string): void => void process.stderr.write(`${line}\n`);
      const paths = { socketPath: textOf(socket), approvalsPath: textOf(approvals) };
      const status = await serve(set, { file, ...paths, asOwner: asOwner === true, log });
      // A daemon's open handles must not keep a process alive that has been told to stop.
      process.exit(status);
    });
  cli
    .command("broker <config>", "Run the broker of one tool, which holds its credentials, until it is told to stop")
    .option("--listen <address>", "Where to listen, HOST:PORT")
    .action(async (file: string, { listen }: Options) => {
      const log = (line: string): void => void process.stderr.write(`${line}\n`);
      process.exit(await runBroker(set, { file, address: textOf(listen), log }));
    });
  cli
    .command("check <...configs>", "Say whether configs, or all of a folder, can be used, and what in them is doubtful")
    .option("--json", "Answer in JSON")
    .action(async (files: string[], { json }: Options) => print(await check(set, files, json === true)));
  cli
    .command("explain <config>", "Say what would be decided about a call, and which line decides")
    .usage("explain <config> [options] -- [args…]")
    .option("--cwd <dir>", "Folder of the call")
    .option("--env <variable>", "NAME=VALUE in the caller's environment, or NAME for the value here; repeatable")
    .option("--rules", "All rules in the order in which they are asked, short forms written out")
    .option("--json", "Answer in JSON")
    .action(async (file: string, { cwd, env, rules, json, "--": args = [] }: Options) => {
      const given = givenEnvironment([env ?? []].flat().map(String), process.env);
      const question = { file, args, cwd: textOf(cwd), env: given, rules: rules === true, json: json === true };
      return print(await explain(set, question));
    });
  cli
    .command("test <...configs>", "Run the cases that configs, or all of a folder, carry")
    .option("--from-audit <file>", "Decide the calls in a log of the plugin anew, and list what would change")
    .option("--json", "Answer in JSON")
    .action(async (files: string[], { fromAudit, json }: Options) => {
      const audit = textOf(fromAudit);
      const [config = ""] = files;
      return print(
        audit === undefined
          ? await testCases(set, files, json === true)
          : await replay(set, { config, audit, json: json === true }),
      );
    });
  cli
    .command("health <socket>", "Ask the plugin at a socket, or the broker at a URL, how it is")
    .option("--json", "Answer in JSON")
    .action(async (socket: string, { json }: Options) => print(await health(socket, json === true)));
  cli
    .command("approvals <action> <socket> [id]", "See the calls that wait for a person, and answer")
    .usage("approvals list|watch|answer <socket> [id]")
    .option("--verdict <verdict>", "once, session or deny")
    .option("--by <name>", "Who answers")
    .option("--word <text>", "Why not, for the caller")
    .option("--json", "Answer in JSON")
    .action(async (action: string, socket: string, id: string | undefined, given: Options) => {
      const answer = { verdict: textOf(given.verdict), by: textOf(given.by), word: textOf(given.word) };
      return await approvals({ action, socket, id, answer, json: given.json === true }, print);
    });
  cli.help(helpSections(cli));
  cli.option("-v, --version", "Print the version");
  return cli;
}

interface Options {
  readonly listen?: string | number;
  readonly socket?: string | number;
  readonly approvals?: string | number;
  readonly verdict?: string | number;
  readonly by?: string | number;
  readonly word?: string | number;
  readonly asOwner?: boolean;
  readonly cwd?: string | number;
  readonly env?: string | number | readonly (string | number)[];
  readonly fromAudit?: string | number;
  readonly rules?: boolean;
  readonly json?: boolean;
  readonly "--"?: readonly string[];
}

/** cac turns a value like 5 into a number. */
function textOf(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function print({ status, stdout, stderr }: Report): number {
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  return status;
}
