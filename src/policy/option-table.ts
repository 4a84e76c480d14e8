/** One option of a tool. */
export interface OptionForm {
  /** All names with their dashes, the one for messages first. */
  readonly names: readonly string[];
  /** `required`: glued, behind `=`, or the next argument. `optional`: glued to a short name, or behind `=`. */
  readonly value: "none" | "required" | "optional";
}

/** The options that a tool, or a command of it, takes. */
export interface OptionTable {
  readonly byName: ReadonlyMap<string, OptionForm>;
  /** Every long name, for abbreviations; undefined when the tool knows none. */
  readonly longNames: readonly string[] | undefined;
  /** Whether `--no-x` takes `--x` back. */
  readonly hasNegations: boolean;
  /** Whether what follows the first positional is never an option. */
  readonly endsAtPositional: boolean;
}

/** How a tool reads its options, beside the list of them. */
export interface OptionHabits {
  readonly abbreviations: boolean;
  readonly negations: boolean;
  readonly endsAtPositional: boolean;
}

export function optionTable(forms: readonly OptionForm[], habits: OptionHabits): OptionTable {
  const byName = new Map(forms.flatMap((form) => form.names.map((name) => [name, form] as const)));
  return {
    byName,
    longNames: habits.abbreviations ? [...byName.keys()].filter((name) => name.startsWith("--")) : undefined,
    hasNegations: habits.negations,
    endsAtPositional: habits.endsAtPositional,
  };
}

/**
 * Options in a short notation, separated by blanks: names without dashes joined by commas, then `=` for a value that
 * is required or `?` for one that may be left out. `force,f repo= signed?`
 */
export function parseOptions(notation: string): OptionForm[] {
  return notation.split(" ").map((written) => {
    const mark = written.at(-1);
    const value = mark === "=" ? "required" : mark === "?" ? "optional" : "none";
    const names = value === "none" ? written : written.slice(0, -1);
    return { names: names.split(",").map((name) => (name.length === 1 ? `-${name}` : `--${name}`)), value };
  });
}

/** A long name as it was typed: the option, and whether it is taken back. Undefined: unknown. `ambiguous`: several. */
export type Resolved = { readonly form: OptionForm; readonly isNegated: boolean } | "ambiguous" | undefined;

/** What a long name stands for, where it may be shortened and negated: an exact name is stronger than any shortened. */
export function resolveLong(table: OptionTable, name: string): Resolved {
  const exact = table.byName.get(name);
  if (exact !== undefined) {
    return { form: exact, isNegated: false };
  }
  const negated = table.hasNegations ? table.byName.get(opposite(name)) : undefined;
  if (negated !== undefined) {
    return { form: negated, isNegated: true };
  }
  const found = new Map<string, Exclude<Resolved, string | undefined>>();
  for (const long of table.longNames ?? []) {
    const form = table.byName.get(long);
    for (const isNegated of table.hasNegations ? [false, true] : [false]) {
      if (form !== undefined && (isNegated ? opposite(long) : long).startsWith(name)) {
        found.set(`${form.names.join()} ${isNegated}`, { form, isNegated });
      }
    }
  }
  return found.size > 1 ? "ambiguous" : found.values().next().value;
}

/** `--no-force` of `--force`, and the other way round. */
export function opposite(name: string): string {
  return name.startsWith("--no-") ? `--${name.slice(5)}` : `--no-${name.slice(2)}`;
}
