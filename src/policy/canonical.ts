import { opposite } from "./option-table.ts";
import type { GivenOption, Reading } from "./reading.ts";

/**
 * One way to write what was read: the command, options by their first names with their values glued to them, then the
 * positionals. Reading it again gives the same. What came before the command is not in it. Undefined when something
 * of the call is unclear, and for a command that begins with a dash, which not every place can have.
 */
export function canonicalArguments(reading: Reading): string[] | undefined {
  if (reading.kind === "unclear" || reading.rest === undefined || reading.rest.doubts !== undefined) {
    return undefined;
  }
  const { subcommand = [], options, positionals } = reading.rest;
  const command = reading.kind === "none" ? [] : [reading.command, ...subcommand];
  if (command.some((word) => word.startsWith("-"))) {
    return undefined;
  }
  const dashes = positionals.some((word) => word.startsWith("-")) ? ["--"] : [];
  return [...command, ...options.map(optionWord), ...dashes, ...positionals];
}

/** The option in one word. */
export function optionWord({ names: [name = ""], value, isNegated }: GivenOption): string {
  const written = isNegated === true ? opposite(name) : name;
  if (value === undefined) {
    return written;
  }
  return written.startsWith("--") ? `${written}=${value}` : `${written}${value}`;
}
