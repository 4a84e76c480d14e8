import { configPath, type Home } from "./home.ts";

/** What stands at the top of a config, however it is written. */
export interface ConfigKeys {
  /** The tool that it is of; undefined when it does not say. */
  readonly plugin: string | undefined;
  /** Whether it has a part for a broker. */
  readonly isForBroker: boolean;
}

/**
 * Reads the top of a tool's config, with the parser that Bun has built in: no package is needed. Of one that is no YAML at
 * the moment, as in the middle of an edit, the lines are looked at instead, so that a broker is not taken away by a slip.
 * What else is wrong with a config is for `plugin-server check` to say.
 */
export async function readConfigKeys(home: Home, tool: string): Promise<ConfigKeys> {
  const text = await Bun.file(configPath(home, tool))
    .text()
    .catch(() => "");
  let read: unknown;
  try {
    read = Bun.YAML.parse(text);
  } catch {
    return { plugin: PLUGIN.exec(text)?.[1], isForBroker: BROKER.test(text) };
  }
  const keys = new Map<string, unknown>(Object.entries(Object(read) as object));
  const plugin = keys.get("plugin");
  return {
    plugin: typeof plugin === "string" ? plugin : undefined,
    isForBroker: keys.has("broker") || keys.has("credentials"),
  };
}

const PLUGIN = /^[^#\n]*\bplugin["']?[ \t]*:[ \t]*["']?([a-z0-9._-]+)/m;
const BROKER = /^[^#\n]*\b(?:broker|credentials)["']?[ \t]*:/m;
