import type { ConfigIssue } from "./config-error.ts";
import type { Config } from "./config.ts";
import { startOf } from "./place.ts";
import { quote } from "./printable.ts";

/** What in `broker` and `credentials` is valid and yet probably not meant, or opens more than its author may think. */
export function brokerWarnings({ plugin, file, broker, credentials, places }: Config): ConfigIssue[] {
  const at = (path: string): ConfigIssue["place"] => places.get(path) ?? startOf(file);
  const warnings: ConfigIssue[] = [];
  const hosts = new Set(broker.allowedRepos.map(({ value }) => value.split("/", 1)[0] ?? ""));
  for (const { host } of broker.registries.values()) {
    hosts.add(host);
  }
  for (const { value, place } of broker.allowedRepos) {
    if (/^[^/]+\/\*+$/.test(value)) {
      const message = `${quote(value)} is every repository that the credential reaches, for reading and writing`;
      warnings.push({ place, message });
    }
  }
  for (const { value, place } of broker.publish) {
    if (/^\*+$/.test(value)) {
      warnings.push({ place, message: `${quote(value)} is every package that the credential may publish` });
    }
  }
  for (const [name, { protocol }] of broker.hosts) {
    if (protocol === "http" && credentials.has(name)) {
      const message = `The credential for ${quote(name)} travels in the clear: its protocol is http`;
      const [scope] = [...broker.registries].find(([, { host }]) => host === name) ?? [];
      const place = places.get(`broker.hosts.${name}`) ?? at(`broker.registries.${scope}`);
      warnings.push({ place, message });
    }
  }
  for (const name of credentials.keys()) {
    if (!hosts.has(name)) {
      const message = `The credential for ${quote(name)} is never used: broker.${plugin === "npm" ? "registries" : "allowed_repos"} has nothing of that host`;
      warnings.push({ place: at(`credentials.${name}`), message });
    }
  }
  return warnings;
}
