import { definePlugin, type Plugin } from "../../src/runtime/plugin.ts";
import { COMMANDS } from "./commands.ts";
import { npmEnvironment } from "./environment.ts";
import { readNpmInvocation } from "./invocation.ts";

/** npm: resolves its aliases and abbreviations, and reads its options. Its default rules are in npm.yaml. */
export const npmPlugin: Plugin = definePlugin({
  name: "npm",
  grammar: readNpmInvocation,
  commands: COMMANDS,
  environment: npmEnvironment,
});
