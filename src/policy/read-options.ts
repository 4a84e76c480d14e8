import { resolveLong, type OptionForm, type OptionTable } from "./option-table.ts";
import type { Doubt, GivenOption, Rest } from "./reading.ts";

/**
 * Separates options, their values and positionals as getopt_long and its relatives do: `--name=value`, `--name value`,
 * `-n value`, `-nvalue`, flags in one cluster, `--` before what is no option any more.
 *
 * What the table does not explain makes options and arguments unclear from there on, for the next word may be a value.
 */
export function readOptions(args: readonly string[], table: OptionTable): Rest {
  return new OptionReader(args, table).read();
}

class OptionReader {
  readonly #args: readonly string[];
  readonly #table: OptionTable;
  readonly #options: GivenOption[] = [];
  readonly #positionals: string[] = [];
  #doubt: Doubt | undefined;
  #index = 0;

  constructor(args: readonly string[], table: OptionTable) {
    this.#args = args;
    this.#table = table;
  }

  read(): Rest {
    while (this.#index < this.#args.length) {
      const argument = this.#args[this.#index++] ?? "";
      const isPositional = argument === "-" || !argument.startsWith("-");
      if (argument === "--" || argument === "--end-of-options" || (isPositional && this.#table.endsAtPositional)) {
        this.#positionals.push(...(isPositional ? [argument] : []), ...this.#args.slice(this.#index));
        break;
      }
      if (isPositional) {
        this.#positionals.push(argument);
      } else if (argument.startsWith("--")) {
        this.#readLong(argument);
      } else {
        this.#readCluster(argument);
      }
    }
    const rest = { options: this.#options, positionals: this.#positionals };
    return this.#doubt === undefined
      ? rest
      : { ...rest, doubts: { options: this.#doubt, arguments: this.#doubt, targets: this.#doubt } };
  }

  #readLong(argument: string): void {
    const equals = argument.indexOf("=");
    const name = equals < 0 ? argument : argument.slice(0, equals);
    const resolved = resolveLong(this.#table, name);
    if (resolved === undefined || resolved === "ambiguous") {
      this.#doubtAbout(argument, resolved === undefined ? UNKNOWN : "this option is short for more than one");
      return;
    }
    const { form, isNegated } = resolved;
    if (equals >= 0 && (isNegated || form.value === "none")) {
      this.#doubtAbout(argument, "this option takes no value");
    } else if (isNegated) {
      this.#options.push({ names: form.names, isNegated });
    } else {
      this.#add(form, equals < 0 ? undefined : argument.slice(equals + 1), argument);
    }
  }

  /** `-abc`: as far as they are flags each is one; the first with a value takes the rest of the word. */
  #readCluster(argument: string): void {
    for (let at = 1; at < argument.length; at++) {
      const name = `-${argument[at] ?? ""}`;
      const { number } = this.#table;
      const digits = number === undefined ? undefined : /^\d+/u.exec(argument.slice(at))?.[0];
      if (number !== undefined && digits !== undefined) {
        this.#add(number, digits, argument);
        at += digits.length - 1;
        continue;
      }
      const form = this.#table.byName.get(name);
      if (form === undefined) {
        this.#doubtAbout(argument, UNKNOWN);
        return;
      }
      if (form.value !== "none") {
        this.#add(form, argument.slice(at + 1) || undefined, argument);
        return;
      }
      this.#add(form, undefined, argument);
    }
  }

  #add(form: OptionForm, attached: string | undefined, argument: string): void {
    if (form.value === "uncertain") {
      this.#doubtAbout(argument, "it is not certain what belongs to this option");
      return;
    }
    let value = attached;
    if (value === undefined && form.value === "required") {
      value = this.#args[this.#index++];
      if (value === undefined) {
        this.#doubtAbout(argument, "the value of this option is missing");
        return;
      }
      const { separateValues } = this.#table;
      if (separateValues === "never" || (separateValues === "undashed" && value.startsWith("-"))) {
        this.#doubtAbout(argument, "write the value of this option behind it, without a blank");
        return;
      }
    }
    this.#options.push(value === undefined ? { names: form.names } : { names: form.names, value });
  }

  #doubtAbout(argument: string, why: string): void {
    this.#doubt ??= { argument, why };
  }
}

const UNKNOWN = "this option is not known here";
