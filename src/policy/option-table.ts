/** One option of a tool. */
export interface OptionForm {
  /** All names with their dashes, the one for messages first. */
  readonly names: readonly string[];
  /**
   * `required`: glued, behind `=`, or the next argument. `optional`: glued to a short name, or behind `=`. `uncertain`:
   * what it takes depends on more than its name, so that it makes a call unclear.
   */
  readonly value: "none" | "required" | "optional" | "uncertain";
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
  /** When the value of an option may be the next word. `undashed`: unless that begins with a dash. */
  readonly separateValues: "always" | "undashed" | "never";
  /** The option that a number with a dash stands for: `-5`. Undefined: none. */
  readonly number: OptionForm | undefined;
}

/** How a tool reads its options, beside the list of them. */
export interface OptionHabits {
  readonly abbreviations: boolean;
  readonly negations: boolean;
  readonly endsAtPositional: boolean;
  /** `always` when left out. A separate value that is against it makes the call unclear. */
  readonly separateValues?: OptionTable["separateValues"];
  /** The name of the option that `-5` gives the value 5. */
  readonly number?: string;
}

/** A name that is there twice belongs to the later option, and the earlier one has lost it. */
export function optionTable(forms: readonly OptionForm[], habits: OptionHabits): OptionTable {
  const owners = new Map(forms.flatMap((form) => form.names.map((name) => [name, form] as const)));
  const own = forms.map((form) => ({ ...form, names: form.names.filter((name) => owners.get(name) === form) }));
  const byName = new Map(own.flatMap((form) => form.names.map((name) => [name, form] as const)));
  return {
    byName,
    separateValues: habits.separateValues ?? "always",
    number: habits.number === undefined ? undefined : byName.get(habits.number),
    longNames: habits.abbreviations ? [...byName.keys()].filter((name) => name.startsWith("--")) : undefined,
    hasNegations: habits.negations,
    endsAtPositional: habits.endsAtPositional,
  };
}

/**
 * Options in a short notation, separated by blanks: names without dashes joined by commas, then `=` for a value that
 * is required, `?` for one that may be left out, or `!` where it is uncertain what follows. `force,f repo= signed?`
 */
export function parseOptions(notation: string): OptionForm[] {
  const options = notation.split(/\s+/u).filter((written) => written !== "");
  return options.map((written) => {
    const value = MARKS.get(written.at(-1) ?? "") ?? "none";
    const names = value === "none" ? written : written.slice(0, -1);
    return { names: names.split(",").map((name) => (name.length === 1 ? `-${name}` : `--${name}`)), value };
  });
}

const MARKS: ReadonlyMap<string, OptionForm["value"]> = new Map([
  ["=", "required"],
  ["?", "optional"],
  ["!", "uncertain"],
]);

/** A long name as it was typed: the option, and whether it is taken back. Undefined: unknown. `ambiguous`: several. */
export type Resolved = { readonly form: OptionForm; readonly isNegated: boolean } | "ambiguous" | undefined;

/** What a long name stands for, where it may be shortened and negated: an exact name is stronger than any shortened. */
export function resolveLong(table: OptionTable, name: string): Resolved {
  const exact = table.byName.get(name);
  if (exact !== undefined) {
    return { form: exact, isNegated: false };
  }
  const negated = table.byName.get(opposite(name));
  if (negated !== undefined && isNegatable(table, opposite(name))) {
    return { form: negated, isNegated: true };
  }
  const found = new Map<string, Exclude<Resolved, string | undefined>>();
  for (const long of table.longNames ?? []) {
    const form = table.byName.get(long);
    for (const isNegated of isNegatable(table, long) ? [false, true] : [false]) {
      if (form !== undefined && (isNegated ? opposite(long) : long).startsWith(name)) {
        found.set(`${form.names.join()} ${isNegated}`, { form, isNegated });
      }
    }
  }
  return found.size > 1 ? "ambiguous" : found.values().next().value;
}

/** An option whose opposite is an option too, as --merged and --no-merged of git branch, is never taken back. */
function isNegatable({ hasNegations, byName }: OptionTable, name: string): boolean {
  return hasNegations && !byName.has(opposite(name));
}

/** `--no-force` of `--force`, and the other way round. */
export function opposite(name: string): string {
  return name.startsWith("--no-") ? `--${name.slice(5)}` : `--no-${name.slice(2)}`;
}
