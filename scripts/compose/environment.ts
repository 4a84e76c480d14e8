import { existsSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";
import { resolve } from "node:path";

import { brokeredTools } from "../home/brokered.ts";
import type { Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";
import { docker } from "./docker.ts";

/** What compose.yaml is told, by way of `compose.env`. */
export interface Environment {
  /** Name of the compose project: one for each home. */
  readonly name: string;
  /** Undefined until the first start. */
  readonly project: string | undefined;
  readonly uid: string;
  readonly gid: string;
  /** Where the sockets lie: in the home's folder, or in a volume where a shared folder cannot carry any. */
  readonly sockets: "folder" | "volume";
  readonly agentCommand: string;
}

/** As it was written last; with what holds before that where it was not. */
export async function readEnvironment(home: Home): Promise<Environment> {
  const text = await Bun.file(home.environment)
    .text()
    .catch(() => "");
  const values = new Map([...text.matchAll(/^([A-Z_]+)="(.*)"$/gm)].map(([, name, value]) => [name, unquoted(value)]));
  return {
    name: projectName(home),
    project: values.get("CLAUDE_PROJECT"),
    uid: values.get("CLAUDE_UID") ?? "1000",
    gid: values.get("CLAUDE_GID") ?? "1000",
    sockets: values.get("CLAUDE_SOCKETS") === "volume" ? "volume" : "folder",
    agentCommand: values.get("AGENT_COMMAND") ?? "claude",
  };
}

/**
 * Writes `compose.env`, and a copy as `.env` of the checkout for whoever calls `docker compose` there.
 * Resolves to a note when that file is somebody else's.
 */
export async function writeEnvironment(
  home: Home,
  root: string,
  environment: Environment,
): Promise<string | undefined> {
  const text = await environmentText(home, root, environment);
  await replaceFile(home.environment, text);
  const copy = `${root}/.env`;
  const mark = `${MARK}${home.folder}`;
  if (existsSync(copy)) {
    const [first = ""] = (
      await Bun.file(copy)
        .text()
        .catch(() => "")
    ).split("\n");
    const other = first.startsWith(MARK) ? first.slice(MARK.length) : undefined;
    // One that names a home which is gone serves nobody.
    if (first !== mark && (other === undefined || existsSync(other))) {
      return `Kept ${copy} as it is: its first line is not "${mark}"; \`docker compose\` there needs --env-file ${home.environment}`;
    }
  }
  // A checkout that belongs to somebody else is no reason not to start.
  return await replaceFile(copy, `${mark}\n${text}`).then(
    () => undefined,
    () => `Cannot write ${copy}; \`docker compose\` there needs --env-file ${home.environment}`,
  );
}

const MARK = "# Written by claude-container for ";

/** Writes it anew when compose files have come or gone since, by hand for one: it lists them. */
export async function refreshEnvironment(home: Home, root: string): Promise<string | undefined> {
  const environment = await readEnvironment(home);
  const text = await environmentText(home, root, environment);
  const written = await Bun.file(home.environment)
    .text()
    .catch(() => "");
  return text === written ? undefined : await writeEnvironment(home, root, environment);
}

async function environmentText(home: Home, root: string, environment: Environment): Promise<string> {
  const { name, project, uid, gid, sockets, agentCommand } = environment;
  const brokers = await brokeredTools(home);
  const values: readonly (readonly [string, string])[] = [
    ["COMPOSE_PROJECT_NAME", name],
    ["COMPOSE_FILE", (await composeFiles(home, root, sockets, brokers)).join(":")],
    ["CLAUDE_CONTAINER_HOME", home.folder],
    ...(project === undefined ? [] : [["CLAUDE_PROJECT", project] as const]),
    ["CLAUDE_UID", uid],
    ["CLAUDE_GID", gid],
    ["CLAUDE_SOCKETS", sockets],
    // Where the engine keeps that volume: what a plugin mounts is a folder of it.
    ...(sockets === "volume" ? [["CLAUDE_SOCKETS_DEVICE", await volumeFolder(`${name}_sockets`)] as const] : []),
    ...(brokers.length === 0 ? [] : [["CLAUDE_BROKERS", brokers.join(" ")] as const]),
    ["AGENT_COMMAND", agentCommand],
  ];
  return values.map(([key, value]) => `${key}="${quoted(key, value)}"\n`).join("");
}

/** The later ones add to the earlier, and may change them. */
async function composeFiles(
  home: Home,
  root: string,
  sockets: Environment["sockets"],
  brokers: readonly string[],
): Promise<string[]> {
  const added = await readdir(home.compose).catch((): string[] => []);
  const override = `${root}/compose.override.yaml`;
  const files = [
    `${root}/compose.yaml`,
    ...(sockets === "volume" ? [`${root}/docker/compose.volume.yaml`] : []),
    ...brokers.map((tool) => `${root}/docker/compose.${tool}-broker.yaml`),
    ...(existsSync(override) ? [override] : []),
    ...added
      .filter((file) => /^[^.].*\.ya?ml$/.test(file))
      .toSorted()
      .map((file) => `${home.compose}/${file}`),
  ];
  const odd = files.find((file) => file.includes(":"));
  if (odd !== undefined) {
    throw new Refusal(1, `Cannot give "${odd}" to docker compose: a colon in its path separates files there; move it`);
  }
  return files;
}

async function volumeFolder(volume: string): Promise<string> {
  const { stdout } = await docker(["info", "--format", "{{.DockerRootDir}}"]);
  return `${stdout.trim()}/volumes/${volume}/_data`;
}

/** By the home's path: other users of this engine have homes of their own. */
function projectName(home: Home): string {
  const sum = new Bun.CryptoHasher("sha256").update(resolve(home.folder)).digest("hex").slice(0, 8);
  return `claude-container-${sum}`;
}

function quoted(key: string, value: string): string {
  if (/[\n\r]/.test(value)) {
    throw new Refusal(
      1,
      `Cannot write ${key} for docker compose: "${value}" has a line break in it; rename that folder`,
    );
  }
  return value.replaceAll(/["$\\]/g, String.raw`\$&`);
}

function unquoted(value = ""): string {
  return value.replaceAll(/\\(["$\\])/g, "$1");
}

/** By a new name first: whoever reads it meanwhile finds the old one or the new one whole. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
