import type { ConfigIssue } from "./config-error.ts";
import { KEEP_IT_OUT, looksLikeSecret } from "./secret.ts";
import type { Source } from "./source.ts";

/**
 * One issue for each place where a secret stands in the source, as a key or as a value. While there is one, nothing else
 * should be reported: other messages quote what they found.
 */
export function secretIssues({ value, valuePlaces, maps }: Source): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  for (const [path, text] of strings(value, [])) {
    const place = valuePlaces.get(path);
    if (place !== undefined && looksLikeSecret(text)) {
      issues.push({ place, message: `This value looks like a secret; ${KEEP_IT_OUT}` });
    }
  }
  for (const { name, place } of maps.flatMap(({ keys }) => keys)) {
    if (looksLikeSecret(name)) {
      issues.push({ place, message: `This key looks like a secret; ${KEEP_IT_OUT}` });
    }
  }
  return issues;
}

/** Every string in a value, with its dotted path. */
function strings(value: unknown, path: readonly string[]): [string, string][] {
  if (typeof value === "string") {
    return [[path.join("."), value]];
  }
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => strings(inner, [...path, key]))
    : [];
}
