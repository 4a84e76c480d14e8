import { readConfigKeys } from "./config-keys.ts";
import { configPath, configuredTools, type Home } from "./home.ts";
import { Refusal } from "./refusal.ts";

/** What is wrong with the config of each of these tools; a tool whose config is sound is not in it. */
export async function brokenConfigs(home: Home, tools: readonly string[]): Promise<Map<string, string>> {
  const claims = await doubleClaims(home);
  const checked = await Promise.all(
    tools.map(async (tool) => [tool, claims.get(tool) ?? (await checkConfig(home, tool))] as const),
  );
  return new Map(checked.flatMap(([tool, errors]) => (errors === undefined ? [] : [[tool, errors]])));
}

/**
 * Two configs for one tool are refused before anything starts: which of them held would be a matter of luck.
 * @throws {Refusal}
 */
export async function refuseDoubleClaims(home: Home): Promise<void> {
  for (const problem of (await doubleClaims(home)).values()) {
    throw new Refusal(1, `Cannot start: in ${home.folder}/config, ${problem}`);
  }
}

/** The errors of a config as `plugin-server check` words them, undefined if it is sound. */
async function checkConfig(home: Home, tool: string): Promise<string | undefined> {
  const checking = Bun.spawn([home.server, "check", configPath(home, tool)], {
    cwd: home.folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const [errors, status] = await Promise.all([checking.stderr.text(), checking.exited]);
  return status === 0 ? undefined : errors.trimEnd();
}

/** Configs that claim a tool which another one is named after: each plugin would answer in the name of the other. */
async function doubleClaims(home: Home): Promise<Map<string, string>> {
  const tools = await configuredTools(home);
  const claimed = await Promise.all(
    tools.map(async (tool) => [tool, (await readConfigKeys(home, tool)).plugin] as const),
  );
  const byClaim = Map.groupBy(claimed, ([, claim]) => claim);
  const problems = new Map<string, string>();
  for (const [claim, claimants] of byClaim) {
    if (claim !== undefined && claimants.length > 1) {
      const files = claimants.map(([tool]) => `${tool}.yaml`).join(" and ");
      for (const [tool] of claimants) {
        problems.set(
          tool,
          `${files} both say "plugin: ${claim}": one tool has one config; change or remove one of them`,
        );
      }
    }
  }
  return problems;
}
