import type { RawGrammar } from "./grammar-schema.ts";
import { optionTable, type OptionForm } from "./option-table.ts";
import { readOptions } from "./read-options.ts";
import type { Grammar, Reading } from "./reading.ts";

/** A grammar that a config declares, in the words of its keys. */
export type DeclaredGrammar = Readonly<RawGrammar>;

/**
 * Reads the arguments of a tool by what its config says about them. Options may stand anywhere; the first word that is
 * neither one nor the value of one is the command. An option that the config does not list makes everything unclear
 * that may be its value.
 */
export function declaredGrammar(declared: DeclaredGrammar): Grammar {
  const known = grammars.get(declared);
  const grammar = known ?? makeGrammar(declared);
  grammars.set(declared, grammar);
  return grammar;
}

/** Each is made once, and asked at every call. */
const grammars = new WeakMap<DeclaredGrammar, Grammar>();

function makeGrammar(declared: DeclaredGrammar): Grammar {
  const form =
    (value: OptionForm["value"]) =>
    (names: string): OptionForm => ({ names: names.split(","), value });
  const table = optionTable(
    [
      ...declared.flags.map(form("none")),
      ...declared.options_with_value.map(form("required")),
      ...declared.options_with_optional_value.map(form("optional")),
    ],
    { abbreviations: declared.abbreviations, negations: false, endsAtPositional: false },
  );
  const aliases = new Map(Object.entries(declared.aliases));
  return (args): Reading => {
    const rest = readOptions(args, table);
    const doubt = rest.doubts?.arguments;
    if (!declared.commands) {
      return { kind: "none", rest };
    }
    const [first, ...others] = rest.positionals;
    if (first === undefined) {
      return doubt === undefined ? { kind: "none", rest } : { kind: "unclear", ...doubt };
    }
    // What stands before every option cannot be the value of one.
    if (doubt !== undefined && args[0] !== first) {
      return { kind: "unclear", ...doubt };
    }
    const command = aliases.get(first) ?? first;
    if (!declared.subcommands.includes(command)) {
      return { kind: "command", command, rest: { ...rest, positionals: others } };
    }
    const [second, ...behind] = others;
    if (doubt !== undefined) {
      return { kind: "command", command, rest: { ...rest, positionals: others } };
    }
    const subcommand = second === undefined ? [] : [second];
    return { kind: "command", command, rest: { ...rest, subcommand, positionals: behind } };
  };
}
