import { readTarget, type Target } from "../../../src/broker/plugin.ts";
import type { Config } from "../../../src/policy/config.ts";
import { allowedHosts, nameOf } from "./allowed-repos.ts";

/** Stands behind the name of a host where a port follows that is not its web server's. No host has such a name. */
export const SSH = ".ssh";

/** What a part of a path may be: names of owners and repositories have no other characters. */
export const SEGMENT: RegExp = /^[A-Za-z0-9._~-]{1,255}$/;

/**
 * Reads the URL of a request of git. `NAME.ssh:2222` is the address of NAME's SSH server, whose repositories are those
 * of the allowed host with that name.
 *
 * @throws {Refusal} `route`
 */
export function readGitTarget(url: string, config: Config): Target {
  const target = readTarget(url, SEGMENT);
  const name = SSH_HOST.exec(target.host)?.[1];
  const host = name === undefined ? undefined : allowedHosts(config).find((allowed) => nameOf(allowed) === name);
  return host === undefined ? target : { ...target, host };
}

const SSH_HOST = /^(.+)\.ssh:\d+$/;
