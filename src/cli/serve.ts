import { resolve } from "node:path";

import { ConfigError } from "../policy/load.ts";
import type { ApprovalsDoor } from "../runtime/approvals-door.ts";
import type { Identity } from "../runtime/identity.ts";
import { allWarnings } from "./check.ts";
import { pluginFor, workspace, type PluginSet } from "./plugin-set.ts";
import { STATUS, warningLine } from "./report.ts";
import { nextSignal } from "./next-signal.ts";

/** What `plugin-server serve` was asked. */
export interface ServeOptions {
  readonly file: string;
  /** Where to listen; undefined: `<tool>/<tool>.sock` in PLUGIN_SOCKETS. */
  readonly socketPath: string | undefined;
  /** Where people answer what rules ask; undefined: nobody can be asked. */
  readonly approvalsPath: string | undefined;
  /** Run the tool, and touch files, as whoever owns the workspace; for a daemon that is root. */
  readonly asOwner: boolean;
  /** Receives one line at a time, for people. */
  readonly log: (line: string) => void;
}

/** `plugin-server serve`: one daemon, until TERM or INT. Resolves to the exit status. */
export async function serve(set: PluginSet, options: ServeOptions): Promise<number> {
  const { file, socketPath, approvalsPath, asOwner, log } = options;
  const stopRequested = nextSignal();
  try {
    // Loaded only here, so that the commands that answer a question start quickly.
    const { startDaemon } = await import("../runtime/daemon.ts");
    const { LiveConfig } = await import("../policy/live-config.ts");
    const { log: logEvent } = await import("../runtime/log.ts");
    const folder = resolve(workspace());
    // Before this process acts as somebody else, whose the socket would be then.
    const door = approvalsPath === undefined ? undefined : await openDoor(resolve(approvalsPath), log);
    const identity = asOwner ? await becomeOwner(folder) : undefined;
    const config = new LiveConfig(file, logEvent);
    const plugin = pluginFor(set, config.current);
    for (const warning of await allWarnings(set, config.current)) {
      log(warningLine(warning));
    }
    const path = resolve(socketPath ?? defaultSocketPath(plugin.name));
    const daemon = await startDaemon({ config, plugin, socketPath: path, workspace: folder, identity, door });
    log(`plugin-server: ${plugin.name} is ready at ${path}`);
    const signal = await stopRequested;
    log(`plugin-server: ${plugin.name} is stopping (${signal})`);
    await daemon.stop();
    return STATUS.ok;
  } catch (error) {
    log(error instanceof ConfigError ? error.message : `plugin-server: ${messageOf(error)}`);
    return STATUS.no;
  }
}

/** Without it a plugin still does all else: what a rule asks is refused then. */
async function openDoor(path: string, log: ServeOptions["log"]): Promise<ApprovalsDoor | undefined> {
  const { ApprovalsDoor } = await import("../runtime/approvals-door.ts");
  try {
    return await ApprovalsDoor.open(path);
  } catch (error) {
    log(`plugin-server: warning: Nobody can be asked for approval: ${messageOf(error)}`);
    return undefined;
  }
}

/** Undefined when the workspace is this user's own. */
async function becomeOwner(folder: string): Promise<Identity | undefined> {
  const { actAs, ownerOf } = await import("../runtime/identity.ts");
  const owner = ownerOf(folder);
  if (owner.uid === process.getuid?.()) {
    return undefined;
  }
  actAs(owner);
  return owner;
}

function defaultSocketPath(tool: string): string {
  return `${process.env["PLUGIN_SOCKETS"] ?? "/run/plugins"}/${tool}/${tool}.sock`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
