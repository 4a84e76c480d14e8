import { readdir } from "node:fs/promises";

/** Where everything of one installation lies; the folders are described in README.md. */
export interface Home {
  readonly folder: string;
  readonly cli: string;
  readonly client: string;
  readonly server: string;
  readonly sockets: string;
  /** Compose files of the tools that were added. */
  readonly compose: string;
  /** The variables of compose mode, for `docker compose --env-file`. */
  readonly environment: string;
  /** What the scripts remember of what runs: a record for each daemon of local mode, the images that were built. */
  readonly run: string;
}

export function homeAt(folder: string): Home {
  return {
    folder,
    cli: `${folder}/cli`,
    client: `${folder}/cli/plugin-client`,
    server: `${folder}/bin/plugin-server`,
    sockets: `${folder}/sockets`,
    compose: `${folder}/compose.d`,
    environment: `${folder}/compose.env`,
    run: `${folder}/run`,
  };
}

export function configPath(home: Home, tool: string): string {
  return `${home.folder}/config/${tool}.yaml`;
}

export function logPath(home: Home, tool: string): string {
  return `${home.folder}/logs/${tool}.log`;
}

export function socketPath(home: Home, tool: string): string {
  return `${home.sockets}/${tool}/${tool}.sock`;
}

/** Where a plugin of local mode takes the answers of people. */
export function approvalsPath(home: Home, tool: string): string {
  return `${home.run}/${tool}.approvals`;
}

/** Where a broker of local mode writes down whom its tool is to believe. */
export function brokerCaPath(home: Home, tool: string): string {
  return `${home.run}/${tool}-broker.pem`;
}

/** The tools that have a config, sorted; those with a name that no plugin can have are left to install.sh to report. */
export async function configuredTools(home: Home): Promise<string[]> {
  return await toolsNamedIn(`${home.folder}/config`, ".yaml");
}

/** The names of the files in a folder that end in `suffix`, without it. A missing folder has none. */
export async function toolsNamedIn(folder: string, suffix: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .filter((tool) => TOOL_NAME.test(tool) && tool !== "plugin-client")
    .toSorted();
}

// The same as PLUGIN_NAME of src/policy: these scripts import nothing of src, so that they work before any package is there.
const TOOL_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
