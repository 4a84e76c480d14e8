import { CLIENT_EXIT } from "../src/protocol/constants.ts";
import { VERSION } from "../src/protocol/version.ts";
import { explainCall, listCapabilities } from "./explain.ts";
import { ClientError, NAME } from "./fail.ts";
import { readCall } from "./invocation.ts";
import { formatList, listPlugins } from "./list.ts";
import { socketFolders, socketPaths } from "./locate.ts";
import { GUARD, guardTerminal } from "./raw-terminal.ts";

const HELP = `plugin-client ${VERSION}: runs a tool at its plugin as if it ran here

usage: plugin-client SOCKET TOOL [ARGS...]   run TOOL at the plugin that listens on SOCKET
       TOOL [ARGS...]                        the same, where TOOL is a link to plugin-client
       plugin-client --list [--json]         the plugins that can be reached, and how they are
       plugin-client --explain [--json] TOOL [ARGS...]
                                             what would be decided about this call, by which rule, and why
       plugin-client --capabilities TOOL [--json]
                                             what the plugin of TOOL allows
       plugin-client --version | --help

With PLUGIN_DENIALS=json in the environment a denial is one JSON object on stderr instead of a
sentence.

A link looks for <tool>/<tool>.sock and <tool>.sock in PLUGIN_SOCKETS, or else in /run/plugins
and in ../sockets beside the client.

exit status: the tool's own; 128+n when signal n ended it; 125 the plugin failed or was lost;
126 denied by the rules; 127 no such plugin, or the tool is not installed there.
`;

/**
 * Does what an option of the client's own asks for. Resolves with the status to exit with.
 *
 * @throws {ClientError} 125 where it is none
 */
export async function command(args: readonly string[]): Promise<number> {
  const folders = socketFolders(process.env, process.execPath);
  const [first, second] = args;
  if (first === GUARD) {
    await guardTerminal(second ?? "", args[2] ?? "");
  } else if (first === "--list" && (second === undefined || second === "--json")) {
    const listed = await listPlugins(folders);
    await print(second === "--json" ? `${JSON.stringify(listed)}\n` : formatList(listed, folders));
  } else if (first === "--explain" || first === "--capabilities") {
    await print(await inquire(folders, first === "--explain", args.slice(1)));
  } else if (first === "--version" || first === "--help") {
    await print(first === "--help" ? HELP : `${NAME} ${VERSION}\n`);
  } else {
    throw new ClientError(CLIENT_EXIT.failed, `Cannot tell what to run: give SOCKET and TOOL, or see ${NAME} --help`);
  }
  return 0;
}

async function print(text: string): Promise<void> {
  await Bun.write(Bun.stdout, text);
}

/** `[--json] TOOL [ARGS…]`, of which only --explain takes any; behind the tool, --json is one of them. */
async function inquire(folders: readonly string[], isExplain: boolean, words: readonly string[]): Promise<string> {
  const isJson = words[0] === "--json" || (!isExplain && words[1] === "--json");
  const [tool, ...args] = words[0] === "--json" ? words.slice(1) : words;
  if (tool === undefined || tool.startsWith("-") || (!isExplain && args.length > (words[1] === "--json" ? 1 : 0))) {
    const usage = isExplain ? "--explain [--json] TOOL [ARGS...]" : "--capabilities TOOL [--json]";
    throw new ClientError(CLIENT_EXIT.failed, `Cannot tell what to ask: write ${NAME} ${usage}`);
  }
  const paths = socketPaths(folders, tool);
  return isExplain ? explainCall(paths, readCall(tool, args), isJson) : listCapabilities(paths, tool, isJson);
}
