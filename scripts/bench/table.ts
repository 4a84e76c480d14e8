import type { Row } from "./report.ts";

const HEAD = ["what", "measured", "result", "must reach", ""] as const;

/** The rows as Markdown, in columns that line up for people too. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ what, measured, result, target, isMet }) =>
    [what, measured, result, target, target === "" ? "" : isMet ? "met" : "missed"].map((cell) =>
      cell.replaceAll("|", "\\|"),
    ),
  );
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0), 3),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(HEAD), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...cells.map(line)].join("\n");
}
