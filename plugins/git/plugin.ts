import { definePlugin, type Plugin } from "../../src/runtime/plugin.ts";
import { gitEnvironment } from "./environment.ts";
import { readGitArguments } from "./grammar.ts";

/** git: finds the command behind git's own options. Its default rules are in git.yaml. */
export const gitPlugin: Plugin = definePlugin({
  name: "git",
  grammar: readGitArguments,
  environment: gitEnvironment,
});
