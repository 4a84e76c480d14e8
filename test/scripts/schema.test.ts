import { describe, expect, test } from "bun:test";
import { parse } from "yaml";

import { configJsonSchema } from "../../scripts/schema/config-schema.ts";

const root = `${import.meta.dir}/../..`;
const spec = await Bun.file(`${root}/SPEC.md`).text();
const written: unknown = await Bun.file(`${root}/plugins/schema.json`).json();

test("plugins/schema.json is what the schema of configs and SPEC.md say: bun scripts/schema/main.ts writes it anew", () => {
  expect(written).toEqual(configJsonSchema(spec));
});

test.each(["git/git.yaml", "npm/npm.yaml", "tool/tool.yaml"])(
  "%s names the schema for editors in its first line, and keeps to it",
  async (name) => {
    const text = await Bun.file(`${root}/plugins/${name}`).text();
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=schema.json");
    expect(faults(written as Part, parse(text), "")).toEqual([]);
  },
);

describe("the schema", () => {
  test.each([
    { name: "accepts the shortest config", text: "plugin: git", found: [] },
    {
      name: "accepts rules as a list",
      text: "plugin: git\nrules: [{ decision: deny, match: { targets: { prefix: a } } }]",
      found: [],
    },
    {
      name: "accepts rules as a map",
      text: "plugin: git\nrules: { ordered: [{ decision: ask }], blocked_commands: [a] }",
      found: [],
    },
    {
      name: "accepts one value for a list of patterns",
      text: "plugin: git\nrules: [{ decision: deny, match: { command: push, arguments: 'a*' } }]",
      found: [],
    },
    { name: "misses the name", text: "rules: []", found: ["plugin"] },
    { name: "finds an unknown key", text: "plugin: git\nrulez: {}", found: ["rulez"] },
    {
      name: "finds an unknown key of a rule",
      text: "plugin: git\nrules: [{ decision: deny, match: { comand: x } }]",
      found: ["rules"],
    },
    { name: "finds a word that is not one of those", text: "plugin: git\nstdio: none", found: ["stdio"] },
    {
      name: "finds a number that is too large",
      text: "plugin: git\nlimits: { sessions: 1025 }",
      found: ["limits.sessions"],
    },
    { name: "finds a path that is not absolute", text: "plugin: git\nroots: [src]", found: ["roots.0"] },
    {
      name: "finds a grammar's option without a dash",
      text: "plugin: x\ngrammar: { flags: [force] }",
      found: ["grammar.flags.0"],
    },
  ])("$name", ({ text, found }) => {
    expect(faults(written as Part, parse(text), "")).toEqual([...found]);
  });

  test("describes every key of a config, of its rules' conditions and of its grammar", () => {
    const { properties = {}, $defs = {} } = written as Part;
    const parts = [
      properties,
      properties["grammar"]?.properties ?? {},
      $defs["rule"]?.properties?.["match"]?.properties ?? {},
    ];
    const missing = parts.flatMap((part) =>
      Object.entries(part).filter(([, { description }]) => description === undefined),
    );
    expect(missing.map(([key]) => key)).toEqual(["rules", "env", "limits", "access"]);
  });
});

interface Part {
  readonly $ref?: string;
  readonly $defs?: Record<string, Part>;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly items?: Part;
  readonly properties?: Record<string, Part>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Part;
  readonly anyOf?: readonly Part[];
  readonly description?: string;
}

/** Paths at which a value does not keep to a schema: as much of JSON Schema as ours needs. */
function faults(part: Part, value: unknown, path: string): string[] {
  const at = (key: string | number): string => (path === "" ? String(key) : `${path}.${key}`);
  if (part.$ref !== undefined) {
    const name = part.$ref.slice("#/$defs/".length);
    return faults((written as Part).$defs?.[name] ?? {}, value, path);
  }
  if (part.anyOf !== undefined) {
    return part.anyOf.some((variant) => faults(variant, value, path).length === 0) ? [] : [path];
  }
  if (part.enum !== undefined && !part.enum.includes(value)) {
    return [path];
  }
  if (part.type === "array") {
    const isLong = Array.isArray(value) && value.length >= (part.minItems ?? 0);
    return isLong ? value.flatMap((item, index) => faults(part.items ?? {}, item, at(index))) : [path];
  }
  if (part.type === "object") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return [path];
    }
    const missing = (part.required ?? []).filter((key) => !(key in value)).map(at);
    const inner = Object.entries(value).flatMap(([key, item]) => {
      const known = part.properties?.[key];
      if (known === undefined) {
        return part.additionalProperties === false ? [at(key)] : [];
      }
      return faults(known, item, at(key));
    });
    return [...missing, ...inner];
  }
  if (part.type === "string") {
    return typeof value === "string" && new RegExp(part.pattern ?? "", "u").test(value) ? [] : [path];
  }
  if (part.type === "integer" || part.type === "number") {
    const isIn = typeof value === "number" && value >= (part.minimum ?? value) && value <= (part.maximum ?? value);
    return isIn ? [] : [path];
  }
  return part.type === "boolean" && typeof value !== "boolean" ? [path] : [];
}
