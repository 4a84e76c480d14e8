import { realpath } from "node:fs/promises";

import type { BrokerPlugin } from "../broker/plugin.ts";
import type { Config } from "../policy/config.ts";
import type { Plugin } from "../runtime/plugin.ts";

/** The plugins that a plugin-server is built with. */
export interface PluginSet {
  readonly plugins: readonly Plugin[];
  /** Serves every config whose tool has no plugin of its own. */
  readonly declarative: Plugin;
  /** The broker's half of those that have one. */
  readonly brokers: readonly BrokerPlugin[];
}

/** The plugin of a config, under the config's name. */
export function pluginFor(set: PluginSet, config: Config): Plugin {
  return set.plugins.find(({ name }) => name === config.plugin) ?? { ...set.declarative, name: config.plugin };
}

/** Folder of the user's files; also the only root of a config that names none. */
export function workspace(): string {
  return process.env["PLUGIN_WORKSPACE"] ?? "/workspace";
}

/** Roots of a config as they are written. */
export function rootsOf(config: Config): readonly string[] {
  return config.roots ?? [workspace()];
}

/** The path with its symlinks resolved; the path itself when it does not exist here, as in a check on another machine. */
export async function realPathOrSame(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path;
  }
}
