import { toolEnvironment } from "../policy/environment.ts";
import type { Open } from "../protocol/client-messages.ts";
import { readEnvironment } from "../protocol/environment.ts";
import { findTool } from "./find-tool.ts";
import type { Host } from "./host.ts";
import { MARK } from "./adopted.ts";

/** What a tool is started with, besides what the client chose. */
export interface Prepared {
  /** Undefined when the tool is not installed. */
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** The program and its environment, which is the plugin's: the client fills only what the config lets it. */
export function prepare({ config, plugin }: Host, open: Open, mark: string): Prepared {
  const environment = toolEnvironment(config, readEnvironment(open.env), process.env);
  const { PLUGIN_BROKER: url, PLUGIN_BROKER_CA: caFile } = process.env;
  const broker = url === undefined ? undefined : { url, caFile };
  const own = plugin.environment?.({ config, args: open.args, broker, environment });
  return {
    file: findTool(plugin.name, config.exec, process.env["PATH"] ?? ""),
    env: { ...environment, ...own, [MARK]: mark },
  };
}
