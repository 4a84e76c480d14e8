import type { Config } from "./config.ts";
import type { Decision } from "./decision.ts";
import { denial } from "./denial.ts";
import type { Grammar } from "./reading.ts";

/** What is to be decided about. */
export interface Invocation {
  /** Arguments, without argv[0]. */
  readonly args: readonly string[];
  /** Folder of the call, its real path: symlinks resolved. */
  readonly cwd: string;
}

/**
 * Decides about one invocation. Pure and total: it reads nothing but its arguments and never throws. `roots` are real
 * paths. The first of these that applies decides:
 *
 * 1. `cwd` is in none of the roots: deny, rule `roots`.
 * 2. The config has neither an allow-list nor a blocked command: allow, rule `default`, whatever the arguments are.
 * 3. The grammar cannot tell the command: deny, rule `unclear`.
 * 4. The command is in `blocked_commands`: deny, rule `blocked_commands`, also when the allow-list has it too.
 * 5. There is an allow-list: the command is in it, allow; otherwise, or when there is no command, deny. Rule
 *    `allowed_commands`.
 * 6. Allow, rule `default`.
 */
export function evaluate(config: Config, grammar: Grammar, invocation: Invocation, roots: readonly string[]): Decision {
  const { rules, places } = config;
  if (!roots.some((root) => isInside(invocation.cwd, root))) {
    return denial(config, { rule: "roots", place: places.get("roots"), cwd: invocation.cwd, roots });
  }
  const { allowedCommands, blockedCommands } = rules;
  if (allowedCommands === undefined && blockedCommands.length === 0) {
    return { effect: "allow", rule: "default", place: undefined };
  }
  const reading = grammar(invocation.args);
  const listPlace = places.get("rules.allowed_commands");
  if (reading.kind === "unclear") {
    return denial(config, { rule: "unclear", place: places.get("rules.blocked_commands") ?? listPlace, reading });
  }
  const command = reading.kind === "command" ? reading.command : undefined;
  const blocked = blockedCommands.find(({ value }) => value === command);
  if (blocked !== undefined) {
    return denial(config, { rule: "blocked_commands", place: blocked.place, command });
  }
  if (allowedCommands === undefined) {
    return { effect: "allow", rule: "default", place: undefined };
  }
  const allowed = allowedCommands.find(({ value }) => value === command);
  if (allowed !== undefined) {
    return { effect: "allow", rule: "allowed_commands", place: allowed.place };
  }
  return denial(config, { rule: "allowed_commands", place: listPlace, command });
}

/** Whether a folder is `root` or below it; both are real paths. */
function isInside(folder: string, root: string): boolean {
  return folder === root || folder.startsWith(root.endsWith("/") ? root : `${root}/`);
}
