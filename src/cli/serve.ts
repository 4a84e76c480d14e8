import { resolve } from "node:path";

import { ConfigError, loadConfig } from "../policy/load.ts";
import { allWarnings } from "./check.ts";
import { pluginFor, workspace, type PluginSet } from "./plugin-set.ts";
import { STATUS, warningLine } from "./report.ts";

/** What `plugin-server serve` was asked. */
export interface ServeOptions {
  readonly file: string;
  /** Where to listen; undefined: `<tool>/<tool>.sock` in PLUGIN_SOCKETS. */
  readonly socketPath: string | undefined;
  /** Receives one line at a time, for people. */
  readonly log: (line: string) => void;
}

/** `plugin-server serve`: one daemon, until TERM or INT. Resolves to the exit status. */
export async function serve(set: PluginSet, { file, socketPath, log }: ServeOptions): Promise<number> {
  const stopRequested = nextSignal();
  try {
    const config = await loadConfig(file);
    const plugin = pluginFor(set, config);
    for (const warning of await allWarnings(set, config)) {
      log(warningLine(warning));
    }
    // Loaded only here, so that the commands that answer a question start quickly.
    const { startDaemon } = await import("../runtime/daemon.ts");
    const path = resolve(socketPath ?? defaultSocketPath(config.plugin));
    const daemon = await startDaemon({ config, plugin, socketPath: path, workspace: resolve(workspace()) });
    log(`plugin-server: ${config.plugin} is ready at ${path}`);
    const signal = await stopRequested;
    log(`plugin-server: ${config.plugin} is stopping (${signal})`);
    await daemon.stop();
    return STATUS.ok;
  } catch (error) {
    log(error instanceof ConfigError ? error.message : `plugin-server: ${messageOf(error)}`);
    return STATUS.no;
  }
}

function defaultSocketPath(tool: string): string {
  return `${process.env["PLUGIN_SOCKETS"] ?? "/run/plugins"}/${tool}/${tool}.sock`;
}

/** The first TERM or INT. Without a listener for the second, it ends the process at once: the way out of a long drain. */
async function nextSignal(): Promise<NodeJS.Signals> {
  return await new Promise((settle) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.off("SIGTERM", stop);
      process.off("SIGINT", stop);
      settle(signal);
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
