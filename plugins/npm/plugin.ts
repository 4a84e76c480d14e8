import { definePlugin, type Plugin } from "../../src/runtime/plugin.ts";
import { COMMANDS } from "./commands.ts";
import { readNpmArguments } from "./grammar.ts";

/** npm: resolves its aliases and abbreviations. Its default rules are in npm.yaml. */
export const npmPlugin: Plugin = definePlugin({ name: "npm", grammar: readNpmArguments, commands: COMMANDS });
