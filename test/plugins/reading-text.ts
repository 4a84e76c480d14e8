import { optionWord } from "../../src/policy/canonical.ts";
import type { Reading } from "../../src/policy/reading.ts";

/**
 * A reading as one line: the command, its options by their first names, arguments in angle brackets, what it acts on
 * behind `on`, and behind `?` what is unclear and the argument that makes it so.
 */
export function readingText(reading: Reading): string {
  if (reading.kind === "unclear") {
    return `? command (${reading.argument})`;
  }
  const { subcommand = [], options = [], positionals = [], targets, doubts = {} } = reading.rest ?? {};
  const command = reading.kind === "none" ? "no command" : reading.command;
  const words = [command, ...subcommand, ...options.map(optionWord), ...positionals.map((word) => `<${word}>`)];
  if (targets !== undefined && doubts.targets === undefined) {
    words.push(`on ${targets.join(" ")}`);
  }
  const culprits = Map.groupBy(Object.entries(doubts), ([, { argument }]) => argument);
  for (const [argument, parts] of culprits) {
    words.push(
      `? ${parts
        .map(([part]) => part)
        .toSorted()
        .join(" ")} (${argument})`,
    );
  }
  return words.join(" ");
}
