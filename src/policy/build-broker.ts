import type { BrokerConfig, HostConfig } from "./broker-config.ts";
import type { RawBroker } from "./broker-schema.ts";
import { startOf, type Listed, type Place } from "./place.ts";

/** The key `broker` in the words of the program. */
export function buildBroker(raw: RawBroker, file: string, places: ReadonlyMap<string, Place>): BrokerConfig {
  const listed = (values: readonly string[], key: string): Listed[] =>
    values.map((value, index) => ({ value, place: places.get(`broker.${key}.${index}`) ?? startOf(file) }));
  const { limits } = raw;
  const registries = Object.entries(raw.registries).map(([scope, url]): [string, URL] => [scope, new URL(url)]);
  return {
    allowedRepos: listed(raw.allowed_repos, "allowed_repos"),
    ownBranches: listed(raw.own_branches, "own_branches"),
    createBranches: raw.create_branches,
    updateBranches: raw.update_branches,
    deleteBranches: raw.delete_branches,
    tags: raw.tags,
    pushOptions: listed(raw.push_options, "push_options"),
    verifyFastForward: raw.verify_fast_forward,
    lfs: raw.lfs,
    registries: new Map(
      registries.map(([scope, { host, pathname }]) => [scope, { host, path: pathname.replace(/\/$/, "") }]),
    ),
    publish: listed(raw.publish, "publish"),
    publishPublic: raw.publish_public,
    whoami: raw.whoami,
    hosts: new Map([
      ...registries
        .filter(([, { protocol }]) => protocol === "http:")
        .map(([, { host }]): [string, HostConfig] => [host, { protocol: "http", caFile: undefined }]),
      ...Object.entries(raw.hosts).map(([name, { protocol, ca_file: caFile }]): [string, HostConfig] => [
        name,
        { protocol, caFile },
      ]),
    ]),
    limits: {
      requests: limits.requests,
      requestBytes: limits.request_mib * MIB,
      responseBytes: limits.response_mib * MIB,
      timeoutMs: limits.timeout ?? 0,
      idleMs: limits.idle ?? 0,
    },
    placeOf: (key) => places.get(`broker.${key}`),
  };
}

const MIB = 1024 * 1024;
