import type { ConfigIssue } from "./config-error.ts";
import type { Config } from "./config.ts";
import { isInside } from "./match.ts";
import { quote } from "./printable.ts";

/** Rules about folders in which no call is made. `roots` are real paths. */
export function strayFolderWarnings(config: Config, roots: readonly string[]): ConfigIssue[] {
  return config.rules.ordered.flatMap(({ id, match, place }) =>
    (match.folders ?? [])
      .filter(({ kind, text }) => {
        const start = text.split(/[*?]/, 1)[0] ?? "";
        return !roots.some((root) =>
          kind === "exact"
            ? isInside(text, root) || isInside(root, text)
            : root.startsWith(start) || start.startsWith(root),
        );
      })
      .map(({ text }) => ({
        place,
        message: `The rule ${quote(id)} has the folder ${quote(text)}, where no call is made: roots has ${roots.map((root) => quote(root)).join(", ")}`,
      })),
  );
}
