import { expect, setDefaultTimeout, test } from "bun:test";

import { npmEnvironment } from "../../plugins/npm/environment.ts";
import { parseConfig } from "../../src/policy/load.ts";
import { startPlugin } from "../helpers/plugin.ts";
import { call } from "../helpers/shell.ts";

setDefaultTimeout(30_000);

const BROKER = "http://npm-broker:8080";
const REGISTRIES = `broker: { registries: { default: "https://registry.example.org/", "@acme": "https://npm.example.com/" } }\n`;
const environment = (config: string, url?: string): Record<string, string> =>
  npmEnvironment({
    config: parseConfig(`plugin: npm\n${config}`, "npm.yaml"),
    args: [],
    broker: url === undefined ? undefined : { url, caFile: undefined },
    environment: {},
  });

test("npm is led to the broker, for each scope of the config too", () => {
  expect(environment(REGISTRIES, BROKER)).toEqual({
    npm_config_registry: `${BROKER}/`,
    "npm_config_@acme:registry": `${BROKER}/`,
    npm_config_replace_registry_host: "always",
    "npm_config_//npm-broker:8080/:_authToken": "added-by-the-broker",
    npm_config_noproxy: "npm-broker",
    npm_config_update_notifier: "false",
  });
});

test("without a broker only the scripts are seen to", () => {
  expect(environment(REGISTRIES)).toEqual({});
  expect(environment("ignore_scripts: true\n")).toEqual({ npm_config_ignore_scripts: "true" });
  expect(environment("ignore_scripts: true\n", BROKER)).toMatchObject({ npm_config_ignore_scripts: "true" });
});

test.skipIf(Bun.which("npm", { PATH: "/usr/local/bin:/usr/bin:/bin" }) === null)(
  "a running plugin gives it to npm, over whatever the caller and the project say",
  async () => {
    await using plugin = await startPlugin({
      tool: "npm",
      config: REGISTRIES,
      env: { PLUGIN_BROKER: BROKER },
    });
    await Bun.write(`${plugin.workspace}/.npmrc`, "registry=http://127.0.0.1:9/\n@acme:registry=http://127.0.0.1:9/\n");
    for (const key of ["registry", "@acme:registry"]) {
      const { stdout } = await call(plugin, ["config", "get", key], {
        env: { npm_config_registry: "http://127.0.0.1:8/" },
      });
      expect(stdout).toBe(`${BROKER}/\n`);
    }
  },
);
