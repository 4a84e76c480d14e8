import { expect, setDefaultTimeout, test } from "bun:test";

import { gitEnvironment } from "../../plugins/git/environment.ts";
import { parseConfig } from "../../src/policy/load.ts";
import { startPlugin } from "../helpers/plugin.ts";
import { call } from "../helpers/shell.ts";

setDefaultTimeout(20_000);

const CONFIG = parseConfig(
  "plugin: git\nbroker: { allowed_repos: [github.com/acme/*, 'git.local:8443/*'] }\n",
  "git.yaml",
);
const BROKER = "http://git-broker:8080";
const CA_FILE = "/run/broker/ca.pem";
const environment = (args: readonly string[], before: Record<string, string> = {}): Record<string, string> =>
  gitEnvironment({ config: CONFIG, args, broker: { url: BROKER, caFile: CA_FILE }, environment: before });

/** What git itself makes of an address. */
async function rewritten(url: string): Promise<string> {
  const child = Bun.spawn(["git", "ls-remote", "--get-url", url], {
    env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent", ...environment(["ls-remote"]) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  return (await child.stdout.text()).trim();
}

test.each([
  ["https://github.com/acme/a.git", "https://github.com/acme/a.git"],
  ["http://github.com/acme/a", "http://github.com/acme/a"],
  ["git@github.com:acme/a.git", "https://github.com/acme/a.git"],
  ["git@github.com:/acme/a.git", "https://github.com/acme/a.git"],
  ["ssh://git@github.com/acme/a", "https://github.com/acme/a"],
  ["ssh://git@github.com:22/acme/a", "https://github.com/acme/a"],
  ["ssh://github.com/acme/a", "https://github.com/acme/a"],
  ["git://github.com/acme/a", "https://github.com/acme/a"],
  ["https://git.local:8443/group/sub/a.git", "https://git.local:8443/group/sub/a.git"],
  ["git@git.local:a", "https://git.local:8443/a"],
  ["ssh://git@git.local:2222/group/sub/a", "https://git.local.ssh:2222/group/sub/a"],
  ["https://elsewhere.example.com/a", "https://elsewhere.example.com/a"],
  ["ssh://git@elsewhere.example.com/a", "https://git@elsewhere.example.com/a"],
  ["git://elsewhere.example.com/a", "https://elsewhere.example.com/a"],
  ["/srv/a.git", "/srv/a.git"],
  ["../a.git", "../a.git"],
  ["git@elsewhere.example.com:a", "git@elsewhere.example.com:a"],
])("git asks for %s at %s, by way of the broker", async (url, asked) => {
  expect(await rewritten(url)).toBe(asked);
});

test("without a broker git is only told to stay in the foreground, and where tools may stay behind it is left alone", () => {
  const call = { args: [], broker: undefined, environment: {} };
  expect(gitEnvironment({ ...call, config: CONFIG })).toEqual({
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "gc.autoDetach",
    GIT_CONFIG_VALUE_0: "false",
    GIT_CONFIG_KEY_1: "maintenance.autoDetach",
    GIT_CONFIG_VALUE_1: "false",
  });
  expect(gitEnvironment({ ...call, config: { ...CONFIG, background: "keep" } })).toEqual({});
});

test("settings that were there before stay, and the plugin's come behind them", () => {
  const before = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "color.ui", GIT_CONFIG_VALUE_0: "always" };
  const own = environment(["status"], before);
  expect(own["GIT_CONFIG_KEY_0"]).toBeUndefined();
  expect(own["GIT_CONFIG_KEY_1"]).toBe("gc.autoDetach");
  expect(Number(own["GIT_CONFIG_COUNT"])).toBeGreaterThan(10);
  expect(environment(["status"], { GIT_CONFIG_COUNT: "nonsense" })["GIT_CONFIG_KEY_0"]).toBe("gc.autoDetach");
});

test.each([
  [["remote", "-v"], false],
  [["remote"], false],
  [["-C", ".", "remote", "--verbose"], false],
  [["remote", "get-url", "--push", "origin"], false],
  [["remote", "update"], true],
  [["remote", "-v", "update"], true],
  [["remote", "show", "origin"], true],
  [["remote", "add", "-f", "a", "https://github.com/a/b"], true],
  [["fetch"], true],
] as const)("git %j is pointed at the broker: %p", (args, isPointed) => {
  expect(Object.values(environment(args)).includes("ssh://")).toBe(isPointed);
});

test("the plugin gives them to the tool, above what the caller and the config say", async () => {
  await using plugin = await startPlugin({
    tool: "git",
    config: 'env: { pass: ["*"] }\nbroker: { allowed_repos: [github.com/acme/*] }\n',
    env: { PLUGIN_BROKER: BROKER, PLUGIN_BROKER_CA: CA_FILE },
  });
  const env = {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "user.name",
    GIT_CONFIG_VALUE_0: "me",
    GIT_TERMINAL_PROMPT: "1",
    NO_PROXY: "*",
    no_proxy: "github.com",
  };
  const url = await call(plugin, ["ls-remote", "--get-url", "git@github.com:acme/a"], { env });
  expect(url.stdout).toBe("https://github.com/acme/a\n");
  expect((await call(plugin, ["config", "user.name"], { env })).stdout).toBe("me\n");
  const shown = await call(plugin, ["-c", "alias.e=!echo $GIT_TERMINAL_PROMPT,$NO_PROXY$no_proxy", "e"], { env });
  expect(shown.stdout).toBe("0,\n");
});
