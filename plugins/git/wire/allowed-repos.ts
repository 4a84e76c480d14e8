import { basename } from "node:path";

import { Refusal } from "../../../src/broker/plugin.ts";
import type { Config } from "../../../src/policy/config.ts";
import { matchGlob } from "../../../src/policy/glob.ts";
import { quote } from "../../../src/policy/printable.ts";
import { RETRY } from "../../../src/policy/retry.ts";
import type { Repository } from "./route.ts";

/**
 * Lets a repository through that is on the list; for reading too, since a credential may reach more than what it is
 * meant for. `.git` at the end is the same repository.
 *
 * @throws {Refusal} `allowed_repos`
 */
export function checkRepository({ broker, file }: Config, { host, path }: Repository): void {
  const address = withoutGit(`${host}/${path}`);
  if (!broker.allowedRepos.some(({ value }) => matchGlob(withoutGit(value), address))) {
    throw new Refusal(
      403,
      "allowed_repos",
      `plugin policy: ${quote(address, 120)} is not in broker.allowed_repos (${basename(file)}). ${RETRY.kind}; ask the operator to add it`,
    );
  }
}

/** The hosts that the list is about. */
export function allowedHosts({ broker }: Config): string[] {
  return [...new Set(broker.allowedRepos.map(({ value }) => value.split("/", 1)[0] ?? ""))];
}

/** A host without its port. */
export function nameOf(host: string): string {
  return host.replace(/:\d+$/, "");
}

function withoutGit(address: string): string {
  return address.replace(/\.git$/, "");
}
