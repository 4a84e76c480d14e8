import type { Config } from "../policy/config.ts";
import { declaredGrammar } from "../policy/declared-grammar.ts";
import { optionTable, parseOptions, type OptionHabits, type OptionTable } from "../policy/option-table.ts";
import { PLUGIN_NAME, PLUGIN_NAME_IN_WORDS } from "../policy/plugin-name.ts";
import { quote } from "../policy/printable.ts";
import { readOptions } from "../policy/read-options.ts";
import type { Doubt, GivenOption, Grammar, Reading, Rest } from "../policy/reading.ts";

// What a grammar in another repository is written with.
export { optionTable, parseOptions, readOptions };
export type { Doubt, GivenOption, Grammar, OptionHabits, OptionTable, Reading, Rest };

/** What the runtime has to know about a tool beyond its config: how to read its arguments. */
export interface Plugin {
  /** Name of the tool, and of the `plugin:` key of the configs that use this plugin. */
  readonly name: string;
  readonly grammar: Grammar;
  /**
   * What the tool's own settings make of a word that is no command of it; undefined: nothing. `run` runs the tool with
   * other arguments where the call would run, and gives what it prints. For messages only: nothing is decided by it,
   * for these settings are the agent's.
   */
  readonly aliasOf?: (command: string, run: PreviewedCall["run"]) => Promise<string | undefined>;
  /**
   * What a call would change, in lines for the person who is asked whether it may run; undefined when there is nothing
   * to say of it. For people only: the files that it is found in are the agent's.
   */
  readonly preview?: (call: PreviewedCall) => Promise<string | undefined>;
  /** Whether a config that declares a `grammar` is read by that one instead. */
  readonly takesGrammar?: boolean;
  /**
   * Every command of the tool, by the name that the grammar gives it; undefined: not known. Nothing is decided by it:
   * `check` warns of a rule for a command that is not there, which a misspelling would be.
   */
  readonly commands?: readonly string[];
  /** Variables that the tool gets from its plugin; stronger than what the client sends and than `env.set`. Pure. */
  readonly environment?: (call: PluginCall) => Readonly<Record<string, string>>;
}

/** A call that is about to start, for {@link Plugin.environment}. */
export interface PluginCall {
  readonly config: Config;
  /** Arguments, without argv[0]. */
  readonly args: readonly string[];
  /** The tool's broker; undefined: there is none. */
  readonly broker: BrokerAddress | undefined;
  /** What the tool gets without the plugin's own. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where a tool finds its broker. */
export interface BrokerAddress {
  /** `http://git-broker:8080` */
  readonly url: string;
  /** Where a broker that is a proxy writes down whom to believe when it answers in the place of a host. */
  readonly caFile: string | undefined;
}

/** A call that waits for a person, and a way to look into what it would do. */
export interface PreviewedCall {
  readonly args: readonly string[];
  /**
   * Runs the tool itself with other arguments, as it would run for this call: same folder, user and environment.
   * Undefined when it fails, takes too long for a person who waits, or prints more than can be of use.
   */
  readonly run: (args: readonly string[]) => Promise<string | undefined>;
}

/** The grammar for a config: its own, where the plugin lets it have one. A change of the config changes it. */
export function grammarOf({ grammar, takesGrammar }: Plugin, { grammar: declared }: Config): Grammar {
  return declared === undefined || takesGrammar !== true ? grammar : declaredGrammar(declared);
}

/**
 * The contract of a plugin, and the whole of it. Most tools need no plugin of their own: a config alone is enough when
 * the command is always the first argument (`npm publish`), or when the config's `grammar` can say how to read them.
 * Write one when a tool reads its arguments in a way of its own:
 *
 * ```ts
 * import { definePlugin, optionTable, parseOptions, readOptions, type Reading } from "claude-container/plugin";
 *
 * export const kubectlPlugin = definePlugin({ name: "kubectl", grammar: readArguments });
 *
 * const habits = { abbreviations: false, negations: false, endsAtPositional: false };
 * const options = optionTable(parseOptions("namespace,n= context= filename,f= dry-run? all-namespaces,A"), habits);
 *
 * function readArguments(args: readonly string[]): Reading {
 *   const rest = readOptions(args, options);
 *   const [command, ...positionals] = rest.positionals;
 *   if (rest.doubts?.arguments !== undefined) {
 *     return { kind: "unclear", ...rest.doubts.arguments };
 *   }
 *   return command === undefined ? { kind: "none", rest } : { kind: "command", command, rest: { ...rest, positionals } };
 * }
 * ```
 *
 * A grammar must be pure and total, and must say `unclear`, or which part of the rest is in doubt, when it cannot be
 * certain: then the call is refused as soon as a rule depends on that, whereas a wrong guess would let a forbidden call
 * through. `{ kind: "command", command }` without `rest` is enough for rules about commands. Hand the plugin to `runCli`
 * in a main file of your own, as `plugins/main.ts` does; rules, limits and test cases come from the YAML.
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
