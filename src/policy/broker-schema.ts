import * as v from "valibot";

import type { BranchScope } from "./broker-config.ts";
import { duration, list, map, mustBe, noList, oneOf, text, wholeNumber } from "./fields.ts";
import { found } from "./found.ts";

/** `broker` as the schema leaves it. */
export interface RawBroker {
  allowed_repos: string[];
  own_branches: string[];
  create_branches: BranchScope;
  update_branches: BranchScope;
  delete_branches: BranchScope;
  tags: "none" | "create" | "any";
  push_options: string[];
  verify_fast_forward: boolean;
  lfs: boolean;
  registries: Record<string, string>;
  publish: string[];
  publish_public: boolean;
  whoami: boolean;
  hosts: Record<string, { protocol: "https" | "http"; ca_file?: string | undefined }>;
  limits: {
    requests: number;
    request_mib: number;
    response_mib: number;
    timeout: number | undefined;
    idle: number | undefined;
  };
}

const HOST = "[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?";

/** The name of a host in small letters, with its port where that is not the usual one. */
export const hostName: v.GenericSchema<string, string> = text(
  "the name of a host in small letters, such as github.com or git.example.com:8443",
  new RegExp(`^${HOST}$`),
);

const SECOND = 1000;
const HOUR = 3_600_000;

const repository = text(
  "a host and a path, in which * stands for any characters, such as github.com/acme/*",
  new RegExp(`^${HOST}/[A-Za-z0-9._~*?-][A-Za-z0-9._~*?/-]*$`),
);
const branch = text("the name of a branch, or a pattern with * and ?", /^\S+$/);
const scope = oneOf(["any", "own", "none"]);

const hostMap = map({
  protocol: v.optional(oneOf(["https", "http"]), "https"),
  ca_file: v.optional(text('an absolute path (beginning with "/")', /^\/[^\0]*$/)),
});
const registries = noList(
  v.record(
    text('"default", or a scope such as "@acme"', /^(?:default|@[a-z0-9~-][a-z0-9._~-]{0,212})$/),
    text(
      "the URL of a registry, such as https://registry.example.org/ or https://example.org:8443/npm/",
      new RegExp(`^https?://${HOST}(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?$`),
    ),
    mustBe("a map of scopes and the URLs of their registries"),
  ),
  mustBe("a map of scopes and the URLs of their registries"),
);
const packageName = text(
  "the name of a package, in which * stands for any characters, such as @acme/*",
  /^(?:@[a-z0-9._~*?-]{1,213}\/)?[a-z0-9._~*?-]{1,213}$/,
);
const HOST_KEYS = ["protocol", "ca_file"];
const host = v.pipe(
  v.unknown(),
  v.check(
    (input) => Object.keys(Object(input) as object).every((key) => HOST_KEYS.includes(key)),
    (issue) => `a map with the keys protocol and ca_file only, found ${found(issue.input)} with other keys`,
  ),
  hostMap,
);
const aboutHosts = "a map of hosts and their settings";

const limits = map({
  requests: v.optional(wholeNumber(1, 1024), 64),
  request_mib: v.optional(wholeNumber(1, 65_536), 2048),
  response_mib: v.optional(wholeNumber(1, 1_048_576), 16_384),
  timeout: v.optional(duration(SECOND, 24 * HOUR), "1h"),
  idle: v.optional(duration(SECOND, HOUR), "2m"),
});

/** `broker`: what a broker lets through. Without it nothing passes. */
export const broker: v.GenericSchema<unknown, RawBroker> = map({
  allowed_repos: v.optional(list(repository, "a list of repositories"), []),
  own_branches: v.optional(list(branch, "a list of branches"), ["agent/*"]),
  create_branches: v.optional(scope, "any"),
  update_branches: v.optional(scope, "own"),
  delete_branches: v.optional(scope, "own"),
  tags: v.optional(oneOf(["none", "create", "any"]), "none"),
  push_options: v.optional(list(text("a push option, or a pattern", /^[\x20-\x7e]+$/), "a list of push options"), []),
  verify_fast_forward: v.optional(v.boolean(mustBe("true or false")), false),
  lfs: v.optional(v.boolean(mustBe("true or false")), false),
  registries: v.optional(registries, {}),
  publish: v.optional(list(packageName, "a list of packages"), []),
  publish_public: v.optional(v.boolean(mustBe("true or false")), false),
  whoami: v.optional(v.boolean(mustBe("true or false")), false),
  hosts: v.optional(noList(v.record(hostName, host, mustBe(aboutHosts)), mustBe(aboutHosts)), {}),
  limits: v.optional(limits, {}),
});
