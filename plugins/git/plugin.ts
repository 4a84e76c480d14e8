import { definePlugin, type Plugin } from "../../src/runtime/plugin.ts";
import { aliasOf } from "./alias.ts";
import { gitEnvironment } from "./environment.ts";
import { readGitInvocation } from "./invocation.ts";
import { KNOWN_COMMANDS } from "./known-commands.ts";
import { previewPush } from "./preview.ts";

/** git: reads its arguments as git does, options of its commands and branches of a push included. Its default rules are in git.yaml. */
export const gitPlugin: Plugin = definePlugin({
  name: "git",
  grammar: readGitInvocation,
  commands: KNOWN_COMMANDS,
  aliasOf,
  preview: previewPush,
  environment: gitEnvironment,
});
