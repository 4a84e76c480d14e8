import type { Place } from "./config.ts";
import { escapeControl } from "./printable.ts";

/** One thing that is wrong with a config. */
export interface ConfigIssue {
  readonly place: Place;
  readonly message: string;
}

/**
 * A config that cannot be used. `issues` has everything that is wrong with it, in the order of the file;
 * `message` has one `file:line:column: message` a line.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "config_invalid";
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[], options?: ErrorOptions) {
    super(listIssues(issues), options);
    this.issues = issues;
  }
}

/** `file:line:column`, the form in which editors and terminals make a place clickable. */
export function formatPlace(place: Place): string {
  return `${escapeControl(place.file)}:${place.line}:${place.column}`;
}

// A garbled file can have thousands; nobody reads further than this.
const MAX_LISTED = 100;

function listIssues(issues: readonly ConfigIssue[]): string {
  const lines = issues.slice(0, MAX_LISTED).map(({ place, message }) => `${formatPlace(place)}: ${message}`);
  if (issues.length > MAX_LISTED) {
    lines.push(`… and ${issues.length - MAX_LISTED} more`);
  }
  return lines.join("\n");
}
