import type { BaseIssue } from "valibot";

import type { ConfigIssue } from "./config-error.ts";
import { startOf } from "./config.ts";
import { found } from "./found.ts";
import { quote } from "./printable.ts";
import { configSchema } from "./schema.ts";
import { ruleNameIssues } from "./rule-names.ts";
import { secretIssues } from "./secret-issues.ts";
import { isBefore, type Source } from "./source.ts";
import { keyLabel, unknownKeys } from "./unknown-keys.ts";

/**
 * What is wrong with the content of a config, as far as its YAML could be read: unknown keys, what the schema found,
 * and keys that do not go together.
 */
export function contentIssues(
  source: Source,
  file: string,
  schemaIssues: readonly BaseIssue<unknown>[],
): ConfigIssue[] {
  const secrets = secretIssues(source);
  if (secrets.length > 0) {
    return secrets;
  }
  const unknown = unknownKeys(source, configSchema);
  const meant = unknown.map((key) => key.meant);
  const issues = unknown.map((key) => key.issue);
  for (const issue of schemaIssues) {
    const path = (issue.path ?? []).map((item) => String(item.key));
    const dotted = path.join(".");
    const place = source.valuePlaces.get(dotted);
    if (issue.input === undefined && place === undefined) {
      // A required key that is missing, unless it is there under a misspelt name, which has been reported.
      if (source.brokenAt === undefined && !meant.includes(dotted)) {
        const parent = source.valuePlaces.get(path.slice(0, -1).join(".")) ?? startOf(file);
        issues.push({ place: parent, message: `${sentence(keyLabel(path))} is missing` });
      }
    } else if (issue.input !== undefined && !(issue.input === null && source.brokenAt !== undefined)) {
      const label = path.length === 0 ? "The config" : sentence(keyLabel(path));
      issues.push({ place: place ?? startOf(file), message: `${label} must be ${issue.message}` });
    }
  }
  issues.push(...idleWithoutRelay(source), ...reservedNames(source), ...ruleNameIssues(source));
  const { brokenAt } = source;
  return brokenAt === undefined ? issues : issues.filter((issue) => isBefore(issue.place, brokenAt));
}

function idleWithoutRelay({ value, valuePlaces }: Source): ConfigIssue[] {
  const { limits, stdio = "auto" } = asMap(value);
  const { idle } = asMap(limits);
  const place = valuePlaces.get("limits.idle");
  if (place === undefined || idle === "none" || stdio !== "auto") {
    return [];
  }
  const message =
    `limits.idle needs stdio: relay, found ${found(idle)} with stdio: auto; ` +
    "with auto the streams do not pass through the plugin, so it cannot see that nothing moves";
  return [{ place, message }];
}

/** valibot's records leave these names out without a word, so that nobody can reach a prototype through them. */
function reservedNames({ maps }: Source): ConfigIssue[] {
  return maps
    .filter(({ path }) => isRecord(path))
    .flatMap(({ path, keys }) =>
      keys
        .filter(({ name }) => ["__proto__", "constructor", "prototype"].includes(name))
        .map(({ name, place }) => ({
          place,
          message: `${sentence(keyLabel(path))} cannot have the name ${quote(name)}`,
        })),
    );
}

/** Maps whose keys the author of the config chooses. */
function isRecord(path: readonly string[]): boolean {
  return ["env.set", "grammar.aliases"].includes(path.join(".")) || (path.length > 1 && path.at(-1) === "env");
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function sentence(label: string): string {
  return label.startsWith("an ") ? `A${label.slice(1)}` : label;
}
