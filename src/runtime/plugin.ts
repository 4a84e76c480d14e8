import { PLUGIN_NAME, PLUGIN_NAME_IN_WORDS } from "../policy/plugin-name.ts";
import { quote } from "../policy/printable.ts";
import type { Grammar, Reading } from "../policy/reading.ts";

export type { Grammar, Reading };

/** What the runtime has to know about a tool beyond its config: how to find the command in its arguments. */
export interface Plugin {
  /** Name of the tool, and of the `plugin:` key of the configs that use this plugin. */
  readonly name: string;
  readonly grammar: Grammar;
  /**
   * Every command of the tool, by the name that the grammar gives it; undefined: not known. Nothing is decided by it:
   * `check` warns of a rule for a command that is not there, which a misspelling would be.
   */
  readonly commands?: readonly string[];
}

/**
 * The contract of a plugin, and the whole of it. Most tools need no plugin of their own: a config alone is enough
 * when the command is always the first argument (`npm publish`). Write one when options may stand before it:
 *
 * ```ts
 * import { definePlugin, type Reading } from "claude-container/plugin";
 *
 * export const kubectlPlugin = definePlugin({ name: "kubectl", grammar: readArguments });
 *
 * function readArguments(args: readonly string[]): Reading {
 *   for (let index = 0; index < args.length; index++) {
 *     const argument = args[index] ?? "";
 *     if (argument === "-n" || argument === "--namespace") {
 *       index++; // its value is the next argument
 *     } else if (argument.startsWith("-")) {
 *       return { kind: "unclear", argument, why: "this option is not known here" };
 *     } else {
 *       return { kind: "command", command: argument };
 *     }
 *   }
 *   return { kind: "none" };
 * }
 * ```
 *
 * A grammar must be pure and total, and must say `unclear` when it cannot be certain: then the call is refused as
 * soon as any rule depends on the command, whereas a wrong guess would let a blocked command through. Hand the
 * plugin to `runCli` in a main file of your own, as `plugins/main.ts` does; rules, limits and test cases come from
 * the YAML.
 *
 * @throws {TypeError} `plugin_invalid` when the name cannot be a file name and a command
 */
export function definePlugin(plugin: Plugin): Plugin {
  if (!PLUGIN_NAME.test(plugin.name)) {
    const message = `Cannot define the plugin ${quote(plugin.name)}: its name must be ${PLUGIN_NAME_IN_WORDS}`;
    throw Object.assign(new TypeError(message), { code: "plugin_invalid" });
  }
  return plugin;
}
