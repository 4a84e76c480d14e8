import type { PluginStatus } from "./plugin-status.ts";

const HEAD = ["TOOL", "STATE", "PID", "SINCE", "SESSIONS", "CARRIER", "REASON"] as const;

/** The status for people: columns as wide as they need to be, nothing at the end of a line. */
export function statusTable(plugins: readonly PluginStatus[]): string {
  const rows: (readonly string[])[] = [HEAD, ...plugins.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function row({ tool, state, pid, since, sessions, carrier, reason, next }: PluginStatus): string[] {
  const words = [reason, next].filter((part) => part !== null).join("; ");
  return [tool, state, String(pid ?? "-"), since ?? "-", String(sessions), carrier ?? "-", oneLine(words)];
}

/** Errors of a config come several to a text. */
function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/gu, "; ");
}
