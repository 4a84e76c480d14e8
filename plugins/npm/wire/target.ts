import { Refusal, type Target } from "../../../src/broker/plugin.ts";
import type { Config } from "../../../src/policy/config.ts";
import { findPackage } from "./package-path.ts";
import { registryOf } from "./registry.ts";

/**
 * Reads the URL of a request of npm, which names no host: the config says which registry it is for. The slash of a name
 * with a scope may be written as `%2f`, as npm does; a path with any other percent sign is refused, so that there is one
 * reading of it.
 *
 * @throws {Refusal} `route`, `registries`
 */
export function readNpmTarget(url: string, config: Config): Target {
  const match = /^(?:https?:\/\/[^/?#]*)?\/([^?#]*)(?:\?([^#]*))?$/.exec(url);
  const path = match?.[1] ?? "";
  const segments = path.split("/").flatMap((part) => (SCOPED.test(part) ? part.split(/%2f/i) : [part]));
  if (match === null || url.length > MAX_CHARS || !segments.every((part) => SEGMENT.test(part))) {
    throw new Refusal(
      400,
      "route",
      "The path has a part that is empty, or has other characters than the names of packages have",
    );
  }
  return { host: registryOf(config, findPackage(segments)?.name).host, segments, query: match[2] ?? "" };
}

const MAX_CHARS = 4096;
const SCOPED = /^@[^%/]+%2f[^%/]+$/i;
/** No part is only dots. A colon is in addresses of accounts, which get a refusal of their own. */
const SEGMENT = /^(?!\.+$)[\w.~@+:-]{1,255}$/;
