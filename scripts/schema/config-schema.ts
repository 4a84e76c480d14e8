import { toJsonSchema } from "@valibot/to-json-schema";

import { configSchema } from "../../src/policy/schema.ts";
import { define, partAt, type Json } from "./definitions.ts";
import { plainSchema } from "./plain.ts";

/** A part of a JSON Schema, as far as it is looked at here. */
interface Part {
  description?: string;
  properties?: Record<string, Part>;
  items?: Part;
  anyOf?: Part[];
}

/** The JSON Schema of configs, for editors. Every key is described in the words that SPEC.md (`spec`) has for it. */
export function configJsonSchema(spec: string): Json {
  const schema = toJsonSchema(plainSchema(configSchema), { typeMode: "input" }) as Part;
  const config = describe(simplify(schema), readTable(spec, "## 15 Config"), "");
  const conditions = readTable(spec, "### 15.1 Rules");
  const grammar = readTable(spec, "### 15.2 Grammar");
  if (config.properties?.["grammar"] !== undefined) {
    describe(config.properties["grammar"], grammar, "grammar.");
  }
  if (config.properties?.["broker"] !== undefined) {
    describe(config.properties["broker"], readTable(spec, "## 27 Config of a broker"), "broker.");
  }
  describeConditions(config, conditions);
  const whole: Json = JSON.parse(JSON.stringify({ title: "Config of a plugin of claude-container", ...config }));
  const ordered = ["properties", "rules", "anyOf", 0, "items"];
  const withRules = define(whole, "rule", partAt(whole, ordered));
  const match = ["$defs", "rule", "properties", "match"];
  const patterns = define(withRules, "patterns", partAt(withRules, [...match, "properties", "arguments"]));
  return define(patterns, "pattern", partAt(patterns, ["$defs", "patterns", "anyOf", 0, "items"]));
}

/** The key and the text beside it, of each row. */
function readTable(spec: string, heading: string): Map<string, string> {
  const start = spec.indexOf(`\n${heading}\n`);
  const rest = spec.slice(start + heading.length + 2);
  const rows = rest.slice(0, rest.search(/^#/m)).matchAll(/^\| `([\w.]+)` \| ([^|]+?) \|(?: ([^|]+?) \|)?$/gm);
  return new Map(
    Array.from(rows, ([, key = "", text = "", fallback]) => [
      key,
      `${text.replaceAll("`", "")}${fallback === undefined || fallback === "required" ? "" : `. Default: ${fallback.replaceAll("`", "")}`}`,
    ]),
  );
}

function describe(part: Part, texts: ReadonlyMap<string, string>, prefix: string): Part {
  for (const variant of [part, ...(part.anyOf ?? [])]) {
    for (const [key, inner] of Object.entries(variant.properties ?? {})) {
      const text = texts.get(`${prefix}${key}`);
      if (text !== undefined) {
        inner.description = text;
      }
      describe(inner, texts, `${prefix}${key}.`);
    }
  }
  return part;
}

/** Wherever rules are: in a list, and in a map of short forms. */
function describeConditions(part: Part, texts: ReadonlyMap<string, string>): void {
  for (const [key, inner] of Object.entries(part.properties ?? {})) {
    if (key === "match" || key === "not") {
      describe(inner, texts, "");
    }
    describeConditions(inner, texts);
  }
  for (const inner of [...(part.anyOf ?? []), ...(part.items === undefined ? [] : [part.items])]) {
    describeConditions(inner, texts);
  }
}

/** Alternatives that came out alike are one, and alternatives of alternatives stand side by side. */
function simplify(part: Part): Part {
  const properties = Object.entries(part.properties ?? {}).map(([key, inner]) => [key, simplify(inner)] as const);
  const variants = (part.anyOf ?? [])
    .map(simplify)
    .flatMap((inner) => (onlyAnyOf(inner) ? (inner.anyOf ?? []) : [inner]));
  const unique = [...new Map(variants.map((inner) => [JSON.stringify(inner), inner])).values()];
  const { anyOf: _anyOf, ...rest } = part;
  return {
    ...rest,
    ...(part.properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
    ...(part.items === undefined ? {} : { items: simplify(part.items) }),
    ...(unique.length === 1 ? unique[0] : unique.length === 0 ? {} : { anyOf: unique }),
  };
}

function onlyAnyOf(part: Part): boolean {
  return part.anyOf !== undefined && Object.keys(part).length === 1;
}
