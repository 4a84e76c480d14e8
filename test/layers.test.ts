import { expect, test } from "bun:test";

import { badFiles, edgesOf, findCycles, forbiddenEdges, type Edge } from "./layers.ts";

const top = `${import.meta.dir}/..`;
const sources = new Map<string, string>();
for await (const file of new Bun.Glob("{src,plugins,client,scripts}/**/*.ts").scan({ cwd: top })) {
  sources.set(file, await Bun.file(`${top}/${file}`).text());
}
const edges = [...sources].flatMap(([file, source]) => edgesOf(file, source));

test("every source file imports only what its layer may", () => {
  expect(forbiddenEdges([...sources.keys()], edges)).toEqual([]);
});

test("no source file imports itself by a detour", () => {
  expect(findCycles(edges)).toEqual([]);
});

test("every source file has at most 300 lines and a name that says what it holds", () => {
  expect(badFiles(sources)).toEqual([]);
});

test("the sources are found, and imports in them", () => {
  expect(sources.has("src/protocol/constants.ts")).toBe(true);
  expect(edges).toContainEqual({ from: "plugins/main.ts", to: "src/cli.ts" });
});

test.each<Edge>([
  { from: "src/protocol/frame.ts", to: "src/policy/schema.ts" },
  { from: "src/protocol/frame.ts", to: "valibot" },
  { from: "src/policy/load.ts", to: "src/protocol/frame.ts" },
  { from: "src/policy/load.ts", to: "src/runtime/spawn.ts" },
  { from: "src/policy/load.ts", to: "cac" },
  { from: "src/runtime/session.ts", to: "src/cli.ts" },
  { from: "src/runtime/session.ts", to: "src/broker/routes.ts" },
  { from: "src/runtime/session.ts", to: "plugins/git/plugin.ts" },
  { from: "src/runtime/session.ts", to: "yaml" },
  { from: "src/broker/routes.ts", to: "src/runtime/session.ts" },
  { from: "src/broker/routes.ts", to: "src/protocol/frame.ts" },
  { from: "src/cli.ts", to: "plugins/git/plugin.ts" },
  { from: "src/cli/serve.ts", to: "client/connect.ts" },
  { from: "plugins/main.ts", to: "src/runtime/daemon.ts" },
  { from: "plugins/git/plugin.ts", to: "src/runtime/session.ts" },
  { from: "plugins/git/plugin.ts", to: "plugins/npm/plugin.ts" },
  { from: "client/main.ts", to: "src/policy/match.ts" },
  { from: "client/main.ts", to: "src/runtime/libc.ts" },
  { from: "client/main.ts", to: "cac" },
  { from: "scripts/local/main.ts", to: "src/policy/load.ts" },
  { from: "scripts/local/main.ts", to: "scripts/compose/docker.ts" },
  { from: "scripts/compose/main.ts", to: "src/policy/load.ts" },
  { from: "scripts/compose/main.ts", to: "yaml" },
  { from: "scripts/home/home.ts", to: "scripts/compose/docker.ts" },
  { from: "scripts/approvals/board.ts", to: "src/runtime/question.ts" },
  { from: "scripts/local/main.ts", to: "scripts/approvals/board.ts" },
])("a planted import of $to by $from is found", ({ from, to }) => {
  expect(forbiddenEdges([from], [{ from, to }])).toEqual([`${from} may not import ${to}`]);
});

test("forbiddenEdges() names a file outside all layers", () => {
  expect(forbiddenEdges(["src/extra/thing.ts"], [])).toHaveLength(1);
});

test("forbiddenEdges() lets everyone import builtins", () => {
  const allowed = ["bun", "bun:ffi", "node:fs/promises"].map((to) => ({ from: "src/protocol/frame.ts", to }));
  expect(forbiddenEdges([], allowed)).toEqual([]);
});

test.each([
  { kind: "a type-only import", source: 'import type { A } from "./a.ts";' },
  { kind: "an import over several lines", source: 'import {\n  a,\n  type B,\n} from "./a.ts";' },
  { kind: "a re-export", source: 'export * from "./a.ts";' },
  { kind: "an import for its effect", source: 'import "./a.ts";' },
  { kind: "a dynamic import", source: 'const a = await import("./a.ts");' },
  { kind: "an import with nothing between", source: 'import{a}from"./a.ts";' },
])("edgesOf() sees $kind", ({ source }) => {
  expect(edgesOf("src/x/b.ts", source)).toEqual([{ from: "src/x/b.ts", to: "src/x/a.ts" }]);
});

test("edgesOf() passes over examples in comments", () => {
  expect(edgesOf("src/x/b.ts", '/**\n * import { a } from "./a.ts";\n */\n// from "./b.ts"\n')).toEqual([]);
});

test("findCycles() prints the way round", () => {
  const round: Edge[] = [
    { from: "a", to: "b" },
    { from: "b", to: "c" },
    { from: "c", to: "b" },
  ];
  expect(findCycles(round)).toEqual(["b → c → b"]);
  expect(findCycles(round.slice(0, 2))).toEqual([]);
});

test.each([
  { name: "src/index.ts", lines: 1, bad: 1 },
  { name: "src/utils.ts", lines: 1, bad: 1 },
  { name: "src/utils/x.ts", lines: 1, bad: 1 },
  { name: "src/x.ts", lines: 300, bad: 0 },
  { name: "src/x.ts", lines: 301, bad: 1 },
])("badFiles() finds $bad faults in $name of $lines lines", ({ name, lines, bad }) => {
  expect(badFiles(new Map([[name, "\n".repeat(lines)]]))).toHaveLength(bad);
});
