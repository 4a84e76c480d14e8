import type { Reading } from "../../src/runtime/plugin.ts";
import { GLOBAL_OPTIONS, OPTION_COMMANDS, type OptionForm } from "./global-options.ts";

/**
 * The command in the arguments of git: `push` in `git -C . --no-pager push origin`.
 *
 * What stands before the command is read exactly as git reads it; anything else there is unclear, also configuration
 * that can give a command another meaning (`-c alias.x=push`, then `x`). What the repository's own configuration
 * does with aliases cannot be seen from the arguments.
 */
export function readGitArguments(args: readonly string[]): Reading {
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const disguised = OPTION_COMMANDS.get(argument);
    if (disguised !== undefined) {
      return { kind: "command", command: disguised };
    }
    if (!argument.startsWith("-")) {
      // git itself turns `git push --help` into `git help push` before it looks at the command.
      return { kind: "command", command: args[index + 1] === "--help" ? "help" : argument };
    }
    if (argument.startsWith("--list-cmds=")) {
      return { kind: "none" };
    }
    const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
    const name = equals < 0 ? argument : argument.slice(0, equals);
    const form = formOf(name, equals >= 0);
    if (form === undefined) {
      return unclear(argument, "git has no such option before the command");
    }
    if (form === "prints") {
      return { kind: "none" };
    }
    if (form === "flag") {
      continue;
    }
    let value = argument.slice(equals + 1);
    if (form === "separate") {
      index++;
      const next = args[index];
      if (next === undefined) {
        return unclear(argument, "the value of this option is missing");
      }
      value = next;
    }
    if ((name === "-c" || name === "--config-env") && canRename(value)) {
      return unclear(`${argument}${form === "separate" ? ` ${value}` : ""}`, RENAMES);
    }
  }
  return { kind: "none" };
}

const RENAMES = "this configuration can give a command another meaning";

/** The form in which git takes this option here, or undefined when it does not. */
function formOf(name: string, hasEquals: boolean): Exclude<OptionForm, "either"> | undefined {
  const forms = GLOBAL_OPTIONS.get(name) ?? [];
  if (hasEquals) {
    return forms.includes("attached") || forms.includes("either") ? "attached" : undefined;
  }
  if (forms.includes("either")) {
    return "separate";
  }
  return forms.find((form) => form === "flag" || form === "separate" || form === "prints");
}

/** Whether a `name=value` of -c or --config-env can decide which command a word stands for. */
function canRename(setting: string): boolean {
  // Section names and the last part of a key are case-insensitive.
  const key = setting.trimStart().toLowerCase();
  return /^(alias|include|includeif)\./.test(key) || /^help\.autocorrect(=|$)/.test(key);
}

function unclear(argument: string, why: string): Reading {
  return { kind: "unclear", argument, why };
}
