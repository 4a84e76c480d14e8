import { resolveLong, type OptionForm, type OptionTable } from "../../src/policy/option-table.ts";

/** The shortest beginning of a long option that still means it. */
export function shortest(table: OptionTable, name: string, form: OptionForm): string {
  const prefixes = Array.from(name, (_, index) => name.slice(0, index + 1)).filter((word) => /^--./u.test(word));
  return (
    prefixes.find((prefix) => {
      const resolved = resolveLong(table, prefix);
      return typeof resolved === "object" && resolved.form === form && !resolved.isNegated;
    }) ?? name
  );
}
