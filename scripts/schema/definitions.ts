/** Any value of a JSON document. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Writes a part of a schema that stands in several places once, under `$defs`. Two parts are the same if they differ in
 * nothing but their own `description`, which stays beside the reference.
 */
export function define(schema: Json, name: string, part: Json): Json {
  const wanted = JSON.stringify(withoutDescription(part));
  const replace = (value: Json): Json => {
    if (typeof value !== "object" || value === null) {
      return value;
    }
    if (isList(value)) {
      return value.map(replace);
    }
    const { description } = value;
    if (JSON.stringify(withoutDescription(value)) === wanted) {
      return { $ref: `#/$defs/${name}`, ...(description === undefined ? {} : { description }) };
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
  };
  const replaced = replace(schema);
  if (!isMap(replaced)) {
    return replaced;
  }
  const known = replaced["$defs"];
  return { ...replaced, $defs: { ...(isMap(known) ? known : {}), [name]: withoutDescription(part) } };
}

/** The part at the end of a path of keys and indexes. */
export function partAt(schema: Json, path: readonly (string | number)[]): Json {
  let part: Json | undefined = schema;
  for (const key of path) {
    part =
      typeof part === "object" && part !== null ? (part as Readonly<Record<string, Json>>)[String(key)] : undefined;
  }
  if (part === undefined) {
    throw new Error(`Cannot find ${path.join(".")} in the schema`);
  }
  return part;
}

function withoutDescription(value: Json): Json {
  if (!isMap(value)) {
    return value;
  }
  const { description: _description, ...rest } = value;
  return rest;
}

function isMap(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !isList(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
