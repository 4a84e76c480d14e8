import { brokerTool } from "../home/brokered.ts";
import type { Home } from "../home/home.ts";
import { mustCompose } from "./docker.ts";
import { Refusal } from "../home/refusal.ts";

/** The service that the agent runs in. */
export const AGENT = "claude";

/** One service of the compose files, as far as these scripts care. */
export interface Service {
  readonly name: string;
  readonly image: string;
  /** How its image is built, as text that changes when that does; undefined when it is only pulled. */
  readonly build: string | undefined;
}

/** What the compose files of a home say: the agent, and for each tool the services of its plugin and of its broker. */
export interface Services {
  readonly agent: Service;
  readonly plugins: ReadonlyMap<string, Service>;
  readonly brokers: ReadonlyMap<string, Service>;
}

/**
 * @throws {Refusal} when docker compose cannot read the files, when two services run one tool, when no agent is there
 */
export async function readServices(home: Home): Promise<Services> {
  const config = JSON.parse(await mustCompose(home, ["config", "--format", "json"])) as Config;
  const plugins = new Map<string, Service>();
  const brokers = new Map<string, Service>();
  for (const [name, described] of Object.entries(config.services)) {
    const tool = described.environment?.["PLUGIN_TOOL"] ?? toolOfService(name);
    const other = tool === undefined ? undefined : plugins.get(tool);
    if (tool !== undefined && other !== undefined) {
      throw new Refusal(1, `Cannot tell who runs ${tool}: the services ${other.name} and ${name} both do; remove one`);
    }
    const brokered = brokerTool(name);
    if (brokered !== undefined) {
      brokers.set(brokered, serviceOf(name, described));
    } else if (tool !== undefined) {
      plugins.set(tool, serviceOf(name, described));
    }
  }
  const agent = config.services[AGENT];
  if (agent === undefined) {
    throw new Refusal(1, `Cannot find the service "${AGENT}" in the compose files: the agent runs in it`);
  }
  return { agent: serviceOf(AGENT, agent), plugins, brokers };
}

/** By its name, TOOL-plugin, unless its PLUGIN_TOOL says otherwise. Services of other names are the user's own affair. */
export function toolOfService(name: string): string | undefined {
  return name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : undefined;
}

interface Config {
  readonly services: Readonly<Record<string, Described>>;
}

interface Described {
  readonly image?: string;
  readonly build?: unknown;
  readonly environment?: Readonly<Record<string, string | null>> | null;
}

function serviceOf(name: string, { image, build }: Described): Service {
  return { name, image: image ?? name, build: build === undefined ? undefined : JSON.stringify(build) };
}

const SUFFIX = "-plugin";
