import { definePlugin, type Plugin } from "../../src/runtime/plugin.ts";
import { readToolArguments } from "./grammar.ts";

/** Any tool that has a config and no plugin of its own. */
export const toolPlugin: Plugin = definePlugin({ name: "tool", grammar: readToolArguments, takesGrammar: true });
