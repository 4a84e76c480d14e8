import * as v from "valibot";

import type { CredentialReference } from "./broker-config.ts";
import { broker, type RawBroker } from "./broker-schema.ts";
import { credentials } from "./credential-schema.ts";
import { DEFAULT_PASS } from "./environment.ts";
import { duration, list, map, mustBe, noList, oneOf, quoteIt, text, wholeNumber, type Message } from "./fields.ts";
import { found } from "./found.ts";
import { PLUGIN_NAME, PLUGIN_NAME_IN_WORDS } from "./plugin-name.ts";

/** A config as the schema leaves it: still the keys of the file, but defaults filled in and units converted. */
export interface RawConfig {
  plugin: string;
  exec?: string | undefined;
  rules: {
    allowed_commands?: string[] | undefined;
    blocked_commands: string[];
    blocked_branches: string[];
    allowed_branch_patterns?: string[] | undefined;
  };
  env: { pass: string[]; set: Record<string, string> };
  roots?: string[] | undefined;
  limits: {
    sessions: number;
    queue: number;
    queue_wait: number | undefined;
    timeout?: number | undefined;
    idle?: number | undefined;
    grace: number | undefined;
    connections: number;
    handshake: number | undefined;
  };
  stdio: "auto" | "relay";
  access: { uids?: number[] | undefined; mode: number; gid?: number | undefined };
  cases: { run: string[]; expect: "allow" | "deny"; rule?: string | undefined; cwd?: string | undefined }[];
  credentials: Record<string, CredentialReference>;
  broker: RawBroker;
}

/** Names of the rules that can decide, as `explain` and the cases of a config write them. */
export const RULE_NAMES = ["roots", "unclear", "blocked_commands", "allowed_commands", "default"] as const;

const command = text("a non-empty string", /^[^]/);
const commands = list(command, "a list of commands");
const folder = text('an absolute path (beginning with "/")', /^\/[^\0]*$/);
const id = wholeNumber(0, 4_294_967_294);
const SECOND = 1000;
const HOUR = 3_600_000;

const branches = list(text("the name of a branch, or a pattern with * and ?", /^\S+$/), "a list of branches");
const rules = map({
  allowed_commands: v.optional(commands),
  blocked_commands: v.optional(commands, []),
  blocked_branches: v.optional(branches, []),
  allowed_branch_patterns: v.optional(branches),
});

const environmentName = /^[^=\0]+$/;
const environment = map({
  pass: v.optional(
    list(text("the name of a variable, or a pattern with * and ?", environmentName), "a list of names"),
    [...DEFAULT_PASS],
  ),
  set: v.optional(
    noList(
      v.record(
        text("the name of a variable", environmentName),
        text("a string without NUL", /^[^\0]*$/),
        mustBe("a map of names and values"),
      ),
      mustBe("a map of names and values"),
    ),
    {},
  ),
});

const limits = map({
  sessions: v.optional(wholeNumber(1, 1024), 32),
  queue: v.optional(wholeNumber(0, 4096), 64),
  queue_wait: v.optional(duration(0, HOUR), "30s"),
  timeout: v.optional(duration(SECOND, 24 * HOUR, true), "none"),
  idle: v.optional(duration(SECOND, 24 * HOUR, true), "none"),
  grace: v.optional(duration(100, 60 * SECOND), "2s"),
  connections: v.optional(wholeNumber(1, 4096), 256),
  handshake: v.optional(duration(100, 60 * SECOND), "5s"),
});

const access = map({
  uids: v.optional(v.pipe(list(id, "a list of user ids"), v.minLength(1, mustBe("a list of at least one user id")))),
  mode: v.optional(
    v.pipe(
      text('permission bits as a string, such as "0600"', /^0[0-7]{3}$/),
      v.transform((digits) => Number.parseInt(digits, 8)),
    ),
    "0600",
  ),
  gid: v.optional(id),
});

const argument = text("a string without NUL", /^[^\0]*$/);
const runMessage: Message = (issue) => {
  const odd = Array.isArray(issue.input) ? issue.input.find((item) => typeof item !== "string") : undefined;
  const accepted = "a list of strings, or one string that is split on blanks";
  return odd === undefined
    ? `${accepted}, found ${found(issue.input)}`
    : `${accepted}, found ${found(odd)} in the list${quoteIt(odd)}`;
};
const testCase = map({
  run: v.union(
    [
      v.array(argument),
      v.pipe(
        argument,
        v.transform((line) => line.split(/\s+/).filter((word) => word !== "")),
      ),
    ],
    runMessage,
  ),
  expect: oneOf(["allow", "deny"]),
  rule: v.optional(oneOf(RULE_NAMES)),
  cwd: v.optional(folder),
});

/**
 * Every key that a config may have, its type, range and default. Unknown keys pass here without a word, for valibot's
 * strict objects report only the first of them: `unknownKeys` compares the file with this schema and reports all.
 */
export const configSchema: v.GenericSchema<unknown, RawConfig> = map({
  plugin: text(`a name (${PLUGIN_NAME_IN_WORDS})`, PLUGIN_NAME),
  exec: v.optional(folder),
  rules: v.optional(rules, {}),
  env: v.optional(environment, {}),
  roots: v.optional(v.pipe(list(folder, "a list of folders"), v.minLength(1, mustBe("a list of at least one folder")))),
  limits: v.optional(limits, {}),
  stdio: v.optional(oneOf(["auto", "relay"]), "auto"),
  access: v.optional(access, {}),
  cases: v.optional(list(testCase, "a list of cases"), []),
  credentials: v.optional(credentials, {}),
  broker: v.optional(broker, {}),
});
