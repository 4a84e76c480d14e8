import * as v from "valibot";

type Schema = v.GenericSchema;

/**
 * The schema of configs in the parts of valibot that JSON Schema has too. What is checked with a function, and what
 * a value is turned into, has no counterpart there: an editor is told of fewer mistakes than `check` finds.
 */
export function plainSchema(schema: Schema): Schema {
  if ("pipe" in schema) {
    return plainPipe(flatten(schema));
  }
  if ("wrapped" in schema && "default" in schema) {
    return v.optional(plainSchema(schema.wrapped as Schema), schema.default as never);
  }
  if ("getter" in schema) {
    const choose = schema.getter as (input: unknown) => Schema;
    // One for each kind of value that lazy schemas here tell apart; those that are alike fall together in JSON.
    return v.union([[], {}, ""].map((value) => plainSchema(choose(value))));
  }
  if ("entries" in schema) {
    const entries = Object.entries(schema.entries as Record<string, Schema>);
    return v.strictObject(Object.fromEntries(entries.map(([key, inner]) => [key, plainSchema(inner)])));
  }
  if ("item" in schema) {
    return v.array(plainSchema(schema.item as Schema));
  }
  if (schema.type === "record" && "value" in schema) {
    return v.record(v.string(), plainSchema(schema.value as Schema));
  }
  if (schema.type === "union" && "options" in schema) {
    return v.union((schema.options as Schema[]).map(plainSchema));
  }
  return schema;
}

type Item = { readonly kind: string; readonly type: string };

/** All steps of a pipe, those of pipes inside of it too. */
function flatten(schema: Schema): Item[] {
  return "pipe" in schema
    ? (schema.pipe as Schema[]).flatMap((item) => ("pipe" in item ? flatten(item) : [item as Item]))
    : [schema];
}

/** `unknown`, a check and a schema stand for the schema; of the steps behind it, those that JSON Schema has. */
function plainPipe(items: readonly Item[]): Schema {
  const start =
    items[0]?.type === "unknown" ? items.findIndex(({ kind, type }) => kind === "schema" && type !== "unknown") : 0;
  const end = items.findIndex(({ type }, index) => index > start && /^(raw_)?transform$/.test(type));
  const [first, ...steps] = items.slice(start, end < 0 ? undefined : end);
  const known = steps.filter((step) => KNOWN_STEPS.includes(step.type) && !hasFlags(step));
  const schema = plainSchema(first as unknown as Schema);
  return known.length === 0 ? schema : (v.pipe as unknown as (...steps: unknown[]) => Schema)(schema, ...known);
}

const KNOWN_STEPS = ["regex", "integer", "min_value", "max_value", "min_length"];

/** JSON Schema's patterns have none. */
function hasFlags(step: Item): boolean {
  return "requirement" in step && step.requirement instanceof RegExp && step.requirement.flags !== "";
}
