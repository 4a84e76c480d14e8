import type { Doubt, Reading } from "../../src/policy/reading.ts";
import { GLOBAL_OPTIONS, OPTION_COMMANDS, type OptionForm } from "./global-options.ts";

/** What stands before the command of a call of git, and which command that is. */
export interface Beginning {
  readonly reading: Reading;
  /** What belongs to the command. */
  readonly behind: readonly string[];
  /** An option that makes git work in another folder than the call's. */
  readonly folder: Doubt | undefined;
  /** Configuration that decides what a push or fetch does, whatever its own arguments say. */
  readonly remotes: Doubt | undefined;
}

/** The command in the arguments of git: `push` in `git -C . --no-pager push origin`. */
export function readGitArguments(args: readonly string[]): Reading {
  return readBeginning(args).reading;
}

/**
 * Reads as far as the command.
 *
 * What stands before the command is read exactly as git reads it; anything else there is unclear, also configuration
 * that can give a command another meaning (`-c alias.x=push`, then `x`). What the repository's own configuration
 * does with aliases cannot be seen from the arguments.
 */
export function readBeginning(args: readonly string[]): Beginning {
  let folder: Doubt | undefined;
  let remotes: Doubt | undefined;
  const end = (reading: Reading, behind: readonly string[] = []): Beginning => ({ reading, behind, folder, remotes });
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const disguised = OPTION_COMMANDS.get(argument);
    if (disguised !== undefined) {
      return end({ kind: "command", command: disguised }, args.slice(index + 1));
    }
    if (!argument.startsWith("-")) {
      // git itself turns `git push --help` into `git help push` before it looks at the command.
      return args[index + 1] === "--help"
        ? end({ kind: "command", command: "help" }, [argument, ...args.slice(index + 2)])
        : end({ kind: "command", command: argument }, args.slice(index + 1));
    }
    if (argument.startsWith("--list-cmds=")) {
      return end({ kind: "none" });
    }
    const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
    const name = equals < 0 ? argument : argument.slice(0, equals);
    const form = formOf(name, equals >= 0);
    if (form === undefined) {
      return end(unclear(argument, "git has no such option before the command"));
    }
    if (form === "prints") {
      return end({ kind: "none" });
    }
    if (form === "flag") {
      if (argument === "--bare") {
        folder ??= { argument, why: CHANGES_FOLDER };
      }
      continue;
    }
    let value = argument.slice(equals + 1);
    if (form === "separate") {
      index++;
      const next = args[index];
      if (next === undefined) {
        return end(unclear(argument, "the value of this option is missing"));
      }
      value = next;
    }
    const whole = `${argument}${form === "separate" ? ` ${value}` : ""}`;
    if (name === "-c" || name === "--config-env") {
      if (canRename(value)) {
        return end(unclear(whole, "this configuration can give a command another meaning"));
      }
      if (/^(push|remote|branch|url)\./i.test(value.trimStart())) {
        remotes ??= { argument: whole, why: "this configuration decides what goes where" };
      } else if (/^core\.worktree\b/i.test(value.trimStart())) {
        folder ??= { argument: whole, why: CHANGES_FOLDER };
      }
    } else if (["-C", "--git-dir", "--work-tree", "--namespace"].includes(name)) {
      folder ??= { argument: whole, why: CHANGES_FOLDER };
    }
  }
  return end({ kind: "none" });
}

const CHANGES_FOLDER = "this option makes git work elsewhere";

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
