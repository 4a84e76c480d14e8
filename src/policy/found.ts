import { quote } from "./printable.ts";

/** What a value from a YAML file is, in the words of an error message: `the number 5`, `a list`, `"push"`. */
export function found(value: unknown): string {
  if (value === null || value === undefined) {
    return "nothing";
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? "an empty list" : "a list";
  }
  if (typeof value === "string") {
    return value === "" ? "an empty string" : quote(value);
  }
  if (typeof value === "number" || typeof value === "boolean") {
    return `the ${typeof value} ${value}`;
  }
  return "a map";
}
