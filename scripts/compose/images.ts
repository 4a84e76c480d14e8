import { mkdir, writeFile } from "node:fs/promises";

import { logPath, type Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";
import { compose, docker } from "./docker.ts";
import type { Task } from "./task.ts";
import type { Service } from "./services.ts";

/** Every image of this engine: its id by its name. */
export async function imageIds(): Promise<Map<string, string>> {
  const { stdout } = await docker(["image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"]);
  return new Map(stdout.split("\n").flatMap((line) => (line === "" ? [] : [pair(line)])));
}

/**
 * Builds what is missing, and what is of other sources than these. Which those were is remembered with the id that came
 * of them, for another checkout may have built an image of the same name since.
 */
export async function buildImages({ home, root, note }: Task, services: readonly Service[]): Promise<void> {
  const [sources, ids, known] = await Promise.all([sourcesSum(root), imageIds(), readKnown(home)]);
  const wanted = services
    .filter(({ build }) => build !== undefined)
    .map((service) => ({ service, sum: sum(sources, service) }));
  const stale = wanted.filter(({ service, sum }) => {
    const id = ids.get(service.image);
    return id === undefined || known[service.image]?.id !== id || known[service.image]?.sum !== sum;
  });
  if (stale.length === 0) {
    return;
  }
  const log = logPath(home, "build");
  note(`Building ${stale.map(({ service }) => service.image).join(", ")} (log in ${log})`);
  const names = stale.map(({ service }) => service.name);
  const { stdout, stderr, ok } = await compose(home, ["--progress", "plain", "build", ...names], BUILD_MS);
  await writeFile(log, `${stdout}${stderr}`, { mode: 0o600 });
  if (!ok) {
    const end = `${stdout}${stderr}`.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n");
    throw new Refusal(1, `Cannot build ${names.join(", ")}: this is the end of ${log}:\n${end}`);
  }
  const built = await imageIds();
  for (const { service, sum } of stale) {
    known[service.image] = { sum, id: built.get(service.image) ?? "" };
  }
  await mkdir(home.run, { recursive: true });
  await writeFile(knownPath(home), `${JSON.stringify(known, undefined, 2)}\n`, { mode: 0o600 });
}

const BUILD_MS = 30 * 60_000;
const SHOWN_LINES = 15;

/** One checksum over all that an image can be made of: a change too many only costs a build from the cache. */
async function sourcesSum(root: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  const files = await Array.fromAsync(new Bun.Glob(SOURCES).scan({ cwd: root, dot: true }));
  for (const file of files.toSorted()) {
    hasher.update(`${file}\0`).update(await Bun.file(`${root}/${file}`).bytes());
  }
  return hasher.digest("hex");
}

const SOURCES = "{package.json,bun.lock,{src,client,plugins,docker}/**/*}";

function sum(sources: string, { build = "" }: Service): string {
  return new Bun.CryptoHasher("sha256").update(sources).update(build).digest("hex");
}

/** By the image's name. */
type Known = Record<string, { readonly sum: string; readonly id: string }>;

/** What cannot be read counts as nothing known: then everything is built, mostly from the cache. */
async function readKnown(home: Home): Promise<Known> {
  const read: unknown = await Bun.file(knownPath(home))
    .json()
    .catch(() => ({}));
  return typeof read === "object" && read !== null ? (read as Known) : {};
}

function knownPath(home: Home): string {
  // Not *.json: those are the records of the daemons of local mode.
  return `${home.run}/images`;
}

function pair(line: string): [string, string] {
  const [name = "", id = ""] = line.split(" ");
  return [name, id];
}
