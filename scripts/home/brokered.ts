import { configPath, configuredTools, type Home } from "./home.ts";

/** The tools that there is a broker for. */
const WITH_BROKER: readonly string[] = ["git"];

/**
 * The tools whose config has a part for a broker. A look at the beginnings of lines has to do, for no YAML parser is
 * there before the packages are.
 */
export async function brokeredTools(home: Home): Promise<string[]> {
  const tools = (await configuredTools(home)).filter((tool) => WITH_BROKER.includes(tool));
  const texts = await Promise.all(
    tools.map(
      async (tool) =>
        await Bun.file(configPath(home, tool))
          .text()
          .catch(() => ""),
    ),
  );
  return tools.filter((_, index) => /^(["']?)(?:broker|credentials)\1[ \t]*:/m.test(texts[index] ?? ""));
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
