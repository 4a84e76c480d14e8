import type { GenericSchema } from "valibot";

import type { ConfigIssue } from "./config-error.ts";
import { nearest } from "./nearest.ts";
import { quote } from "./printable.ts";
import type { Source } from "./source.ts";

/** A key that the schema does not have, with the path of the key that was probably meant. */
export interface UnknownKey {
  readonly issue: ConfigIssue;
  readonly meant: string | undefined;
}

/** All keys of the source that the schema does not know, each once. */
export function unknownKeys(source: Source, schema: GenericSchema): UnknownKey[] {
  const everyKey = listKeys(schema, []);
  const unknown: UnknownKey[] = [];
  for (const { path, keys } of source.maps) {
    const entries = entriesOf(schemaAt(schema, path));
    if (entries === undefined) {
      continue;
    }
    const known = Object.keys(entries);
    const missing = known.filter((name) => !keys.some((key) => key.name === name));
    for (const { name, place } of keys.filter((key) => !known.includes(key.name))) {
      const where = path.length === 0 ? "at the top level" : `in ${keyLabel(path)}`;
      // A key that is missing here is the likeliest; then one that is here already; then the same word elsewhere.
      const sibling = unknown.length < MAX_GUESSES ? (nearest(name, missing) ?? nearest(name, known)) : undefined;
      const guess = sibling ?? (unknown.length < MAX_GUESSES ? elsewhere(name, everyKey) : undefined);
      const hint = guess === undefined ? `; the keys are ${known.join(", ")}` : `; did you mean "${guess}"?`;
      unknown.push({
        issue: { place, message: `Unknown key ${quote(name)} ${where}${hint}` },
        meant: sibling === undefined ? undefined : [...path, sibling].join("."),
      });
    }
  }
  return unknown;
}

/** How messages name a key: `rules.blocked_commands`, `an item of roots`, `run of an item of cases`. */
export function keyLabel(path: readonly string[]): string {
  const index = path.findLastIndex((part) => /^\d+$/.test(part));
  if (index < 0) {
    return dotted(path);
  }
  const item = `an item of ${keyLabel(path.slice(0, index))}`;
  return index === path.length - 1 ? item : `${dotted(path.slice(index + 1))} of ${item}`;
}

function dotted(path: readonly string[]): string {
  return path.map((part) => (/^\w+$/.test(part) ? part : quote(part))).join(".");
}

// More are not printed anyway, and a guess for each of 90,000 keys takes seconds.
const MAX_GUESSES = 100;

type Entries = Readonly<Record<string, GenericSchema>>;

function schemaAt(schema: GenericSchema, path: readonly string[]): GenericSchema | undefined {
  let current: GenericSchema | undefined = schema;
  for (const part of path) {
    current = /^\d+$/.test(part) ? itemOf(current) : entriesOf(current)?.[part];
    if (current === undefined) {
      return undefined;
    }
  }
  return current;
}

function listKeys(schema: GenericSchema, path: readonly string[]): string[] {
  return Object.entries(entriesOf(schema) ?? {}).flatMap(([name, inner]) => {
    const here = [...path, name];
    return [here.join("."), ...listKeys(inner, here)];
  });
}

function elsewhere(name: string, everyKey: readonly string[]): string | undefined {
  const last = nearest(
    name,
    everyKey.map((path) => path.split(".").at(-1) ?? ""),
  );
  return everyKey.find((path) => path.includes(".") && path.split(".").at(-1) === last);
}

function entriesOf(schema: GenericSchema | undefined): Entries | undefined {
  const inner = unwrap(schema, {});
  return inner !== undefined && inner.type === "object" && "entries" in inner ? (inner.entries as Entries) : undefined;
}

function itemOf(schema: GenericSchema | undefined): GenericSchema | undefined {
  const inner = unwrap(schema, []);
  return inner !== undefined && inner.type === "array" && "item" in inner ? (inner.item as GenericSchema) : undefined;
}

/** The schema that has the entries or the item: inside `optional`, in a pipe, or the one that `lazy` takes for such a value. */
function unwrap(schema: GenericSchema | undefined, value: object): GenericSchema | undefined {
  if (schema === undefined || schema.type === "object" || schema.type === "array") {
    return schema;
  }
  if ("wrapped" in schema) {
    return unwrap(schema.wrapped as GenericSchema, value);
  }
  if ("getter" in schema) {
    return unwrap((schema.getter as (input: unknown) => GenericSchema)(value), value);
  }
  if ("pipe" in schema) {
    return unwrap(
      (schema.pipe as GenericSchema[]).findLast(({ kind }) => kind === "schema"),
      value,
    );
  }
  return schema;
}
