import { optionTable, parseOptions, type OptionTable } from "../../src/policy/option-table.ts";
import { habitsOf, isReadByHand } from "./option-habits.ts";
import { CHANGES } from "./options/changes.ts";
import { EXCHANGE } from "./options/exchange.ts";
import { HISTORY } from "./options/history.ts";
import { REPOSITORY } from "./options/repository.ts";
import { isSubcommandOf } from "./subcommands.ts";

/** The options of a command of git, or of one with its subcommand; undefined when they are not known here. */
export function commandOptions(command: string): OptionTable | undefined {
  const known = tables.get(command);
  if (known !== undefined || !Object.hasOwn(NOTATIONS, command)) {
    return known;
  }
  const table = optionTable(parseOptions(notationOf(command)), habitsOf(command));
  tables.set(command, table);
  return table;
}

/** Commands whose options are known here; with their subcommand, where they have one. */
export function knownCommands(): string[] {
  return Object.keys(NOTATIONS);
}

const tables = new Map<string, OptionTable>();

/**
 * In the notation of `parseOptions`, from `git <command> --help-all` and `--git-completion-helper-all` of 2.39 where a
 * command has them, from its source and manual where not, and what later releases up to 2.55 added and rules are likely
 * to name. An option that only git knows makes the call unclear.
 */
const NOTATIONS: Readonly<Record<string, string>> = { ...HISTORY, ...CHANGES, ...EXCHANGE, ...REPOSITORY };

/** parse-options.c answers these itself in every command that has no other use for their names. */
const EVERYWHERE = "h,help-all,help";

/** What stands before a subcommand counts as its own, whichever of the two git lets it stand by. */
function notationOf(command: string): string {
  const before = isSubcommandOf(command) ? (NOTATIONS[command.split(" ")[0] ?? ""] ?? "") : "";
  return `${isReadByHand(command) ? "" : EVERYWHERE} ${before} ${NOTATIONS[command] ?? ""}`;
}
