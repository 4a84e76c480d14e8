import { basename } from "node:path";

import { Refusal } from "../../../src/broker/plugin.ts";
import type { RegistryConfig } from "../../../src/policy/broker-config.ts";
import type { Config } from "../../../src/policy/config.ts";
import { quote } from "../../../src/policy/printable.ts";
import { scopeOf } from "./package-path.ts";

/**
 * The registry that a package comes from, which the config alone decides: that of its scope, or else the default one.
 *
 * @throws {Refusal} `registries`
 */
export function registryOf({ broker, file }: Config, name: string | undefined): RegistryConfig {
  const scope = name === undefined ? undefined : scopeOf(name);
  const registry = (scope === undefined ? undefined : broker.registries.get(scope)) ?? broker.registries.get("default");
  if (registry === undefined) {
    const keys = scope === undefined ? "default" : `default or ${quote(scope, 80)}`;
    throw new Refusal(
      403,
      "registries",
      `plugin policy: broker.registries has no registry for ${name === undefined ? "this" : quote(name, 120)} (${basename(file)}). Ask the operator to add ${keys}`,
    );
  }
  return registry;
}
