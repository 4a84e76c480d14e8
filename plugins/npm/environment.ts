import type { PluginCall } from "../../src/runtime/plugin.ts";

/**
 * What npm is given so that it asks the broker: settings of the environment, which are stronger than those of any
 * `.npmrc`. That is for convenience: whoever gets around them has no credential, and in containers no way out.
 *
 * Documents keep the registry's own addresses, and npm is told to ask its registry for whatever they name
 * (`replace-registry-host`): so `package-lock.json` has the addresses that it has without a broker.
 */
export function npmEnvironment({ config, broker }: PluginCall): Record<string, string> {
  const scripts: Record<string, string> = config.ignoreScripts ? { npm_config_ignore_scripts: "true" } : {};
  if (broker === undefined) {
    return scripts;
  }
  const { origin, host, hostname } = new URL(broker.url);
  const url = `${origin}/`;
  const scopes = [...config.broker.registries.keys()].filter((key) => key !== "default");
  return {
    ...scripts,
    npm_config_registry: url,
    ...Object.fromEntries(scopes.map((scope) => [`npm_config_${scope}:registry`, url])),
    npm_config_replace_registry_host: "always",
    // npm wants to see a token before it publishes; the broker drops it and adds its own.
    [`npm_config_//${host}/:_authToken`]: "added-by-the-broker",
    npm_config_noproxy: hostname,
    // It would ask for a new npm now and then.
    npm_config_update_notifier: "false",
  };
}
