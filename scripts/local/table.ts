import type { PluginStatus } from "./status.ts";

const HEAD = ["TOOL", "STATE", "PID", "SINCE", "SESSIONS", "REASON"] as const;

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

function row({ tool, state, pid, since, sessions, reason }: PluginStatus): string[] {
  return [tool, state, pid === null ? "-" : String(pid), since ?? "-", String(sessions), reason ?? ""];
}
