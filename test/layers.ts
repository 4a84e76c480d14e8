import { dirname, join, normalize } from "node:path";

/** One import, of types too: what a file knows about is its dependency, whether or not it is there at run time. */
export interface Edge {
  readonly from: string;
  /** A path from the top of the project, or the name of a package or builtin. */
  readonly to: string;
}

interface Layer {
  readonly files: RegExp;
  readonly mayImport: readonly RegExp[];
}

const BUILTIN = /^(bun|bun:.+|node:.+)$/;

/** The table of design.md. The first row that a file belongs to is its layer. */
const LAYERS: readonly Layer[] = [
  { files: /^src\/protocol\//, mayImport: [/^src\/protocol\//] },
  { files: /^src\/policy\//, mayImport: [/^src\/policy\//, /^(valibot|yaml)$/] },
  { files: /^src\/runtime\//, mayImport: [/^src\/(runtime|policy|protocol)\//] },
  { files: /^src\/broker\//, mayImport: [/^src\/(broker|policy)\//] },
  { files: /^src\/cli(\.ts|\/)/, mayImport: [/^src\//, /^cac$/, /^package\.json$/] },
  { files: /^plugins\/main\.ts$/, mayImport: [/^src\/cli\.ts$/, /^plugins\/[^/]+\/(plugin|broker)\.ts$/] },
  {
    files: /^plugins\/git\//,
    mayImport: [/^src\/(runtime|broker)\/plugin\.ts$/, /^src\/policy\//, /^plugins\/git\//],
  },
  {
    files: /^plugins\/npm\//,
    mayImport: [/^src\/(runtime|broker)\/plugin\.ts$/, /^src\/policy\//, /^plugins\/npm\//],
  },
  { files: /^plugins\/tool\//, mayImport: [/^src\/runtime\/plugin\.ts$/, /^src\/policy\//, /^plugins\/tool\//] },
  { files: /^client\//, mayImport: [/^client\//, /^src\/protocol\//] },
  // These run before any package is installed.
  { files: /^scripts\/home\//, mayImport: [/^scripts\/home\//] },
  { files: /^scripts\/local\//, mayImport: [/^scripts\/(local|home)\//] },
  { files: /^scripts\/compose\//, mayImport: [/^scripts\/(compose|home)\//] },
  { files: /^scripts\/approvals\//, mayImport: [/^scripts\/(approvals|compose|home|local)\//] },
  {
    files: /^scripts\/schema\//,
    mayImport: [/^scripts\/schema\//, /^src\/policy\//, /^(valibot|@valibot\/to-json-schema)$/],
  },
  { files: /^scripts\/bench\//, mayImport: [/./] },
];

/** The edges that the table does not allow, each as a sentence. A file outside all layers may not exist. */
export function forbiddenEdges(files: readonly string[], edges: readonly Edge[]): string[] {
  const homeless = files
    .filter((file) => layerOf(file) === undefined)
    .map((file) => `${file} belongs to no layer: add it to the table in test/layers.ts`);
  const bad = edges
    .filter(
      ({ from, to }) => !BUILTIN.test(to) && layerOf(from)?.mayImport.some((pattern) => pattern.test(to)) === false,
    )
    .map(({ from, to }) => `${from} may not import ${to}`);
  return [...homeless, ...bad];
}

function layerOf(file: string): Layer | undefined {
  return LAYERS.find(({ files }) => files.test(file));
}

/** Each cycle once, as the path that comes back to its start. */
export function findCycles(edges: readonly Edge[]): string[] {
  const targets = Map.groupBy(edges, ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file].join(" → "));
    } else if (!done.has(file)) {
      for (const { to } of targets.get(file) ?? []) {
        visit(to, [...path, file]);
      }
      done.add(file);
    }
  };
  for (const file of targets.keys()) {
    visit(file, []);
  }
  return cycles;
}

// Bun.Transpiler.scanImports would be exact, but leaves out imports of types. The alternatives: `import … from "x"`
// and `export … from "x"` · `import "x"` · `import("x")`.
const IMPORT =
  /(?:^|[\s})*])from\s*["']([^"'\n]+)["']|^\s*import\s*["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']/gm;
// An import in an example of a comment is no import.
const COMMENT = /^\s*(?:\/\/|\/?\*).*$/gm;

/** What one source file imports. */
export function edgesOf(file: string, source: string): Edge[] {
  return [...source.replaceAll(COMMENT, "").matchAll(IMPORT)].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? "";
    return { from: file, to: name.startsWith(".") ? normalize(join(dirname(file), name)) : name };
  });
}

const MAX_LINES = 300;

/** The house rules for a file: its length, and a name that says what it holds. */
export function badFiles(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([file, source]) => {
    const lines = source.split("\n").length - 1;
    return [
      ...(lines > MAX_LINES ? [`${file} has ${lines} lines, more than ${MAX_LINES}: it holds more than one noun`] : []),
      ...(/(^|\/)index\.[^/]+$/.test(file) ? [`${file} is a barrel: import from the file that has it`] : []),
      ...(/(^|\/)(utils?|helpers?|misc)[./]/.test(file)
        ? [`${file} is named after nothing: name it by what it holds`]
        : []),
    ];
  });
}
