import type { Reading } from "../../src/runtime/plugin.ts";
import { readCommandLine } from "./command-line.ts";
import { commandsOf } from "./commands.ts";

/**
 * The command in the arguments of npm, by its full name: `publish` in `npm --tag next pu`.
 *
 * It is right for npm 9 to 11, and unclear where those releases differ, where an option in front of the command is
 * unknown, and where an abbreviation fits more than one command. A word that npm does not know is left as it is: npm
 * refuses it. What a script or a package runs cannot be seen from the arguments.
 */
export function readNpmArguments(args: readonly string[]): Reading {
  const { word, flags, doubt } = readCommandLine(args);
  if (doubt !== undefined) {
    // Whatever is behind a doubt, the first word stays the command, unless npm only prints something.
    return word === undefined
      ? { kind: "unclear", argument: doubt, why: "what npm takes behind this option is not certain" }
      : readWord(word);
  }
  if (flags.has("version")) {
    return { kind: "none" };
  }
  if (flags.has("versions")) {
    // npm itself runs `npm version`, without arguments.
    return { kind: "command", command: "version" };
  }
  if (flags.has("usage")) {
    return { kind: "command", command: "help" };
  }
  return word === undefined ? { kind: "none" } : readWord(word);
}

function readWord(word: string): Reading {
  if (word === "") {
    return { kind: "none" };
  }
  const commands = commandsOf(word);
  if (commands.length > 1) {
    return { kind: "unclear", argument: word, why: "it is short for more than one command" };
  }
  return { kind: "command", command: commands[0] ?? word };
}
