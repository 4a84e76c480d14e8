import { readConfigKeys } from "./config-keys.ts";
import { configuredTools, type Home } from "./home.ts";

/** The tools that there is a broker for. */
const WITH_BROKER: readonly string[] = ["git", "npm"];

/** The tools whose config has a part for a broker. */
export async function brokeredTools(home: Home): Promise<string[]> {
  const tools = (await configuredTools(home)).filter((tool) => WITH_BROKER.includes(tool));
  const keys = await Promise.all(tools.map(async (tool) => await readConfigKeys(home, tool)));
  return tools.filter((_, index) => keys[index]?.isForBroker === true);
}

/** What a broker goes by: its row in `status`, its service, its log. */
export function brokerName(tool: string): string {
  return `${tool}${SUFFIX}`;
}

/** The tool whose broker goes by this name; undefined: none's. */
export function brokerTool(name: string): string | undefined {
  const tool = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : "";
  return WITH_BROKER.includes(tool) ? tool : undefined;
}

const SUFFIX = "-broker";
