import * as v from "valibot";

import type { CredentialReference } from "./broker-config.ts";
import { broker, type RawBroker } from "./broker-schema.ts";
import { credentials } from "./credential-schema.ts";
import { DEFAULT_PASS } from "./environment.ts";
import { duration, list, map, mustBe, noList, oneOf, quoteIt, text, wholeNumber, type Message } from "./fields.ts";
import { found } from "./found.ts";
import { grammar, type RawGrammar } from "./grammar-schema.ts";
import { PLUGIN_NAME, PLUGIN_NAME_IN_WORDS } from "./plugin-name.ts";

import { RULE_ID, rules, type RawRules } from "./rule-schema.ts";
import type { Effect } from "./rule.ts";

/** A config as the schema leaves it: still the keys of the file, but defaults filled in and units converted. */
export interface RawConfig {
  plugin: string;
  exec?: string | undefined;
  rules: RawRules;
  default: Effect;
  enforcement: "enforce" | "audit";
  grammar?: RawGrammar | undefined;
  env: { pass: string[]; set: Record<string, string> };
  roots?: string[] | undefined;
  limits: {
    sessions: number;
    queue: number;
    queue_wait: number | undefined;
    approval: number | undefined;
    timeout?: number | undefined;
    idle?: number | undefined;
    grace: number | undefined;
    connections: number;
    handshake: number | undefined;
  };
  stdio: "auto" | "relay";
  background?: "end" | "keep" | undefined;
  ignore_scripts: boolean;
  access: { uids?: number[] | undefined; mode: number; gid?: number | undefined };
  cases: {
    run: string[];
    expect: Effect;
    rule?: string | undefined;
    cwd?: string | undefined;
    env?: Record<string, string> | undefined;
  }[];
  credentials: Record<string, CredentialReference>;
  broker: RawBroker;
}

const folder = text('an absolute path (beginning with "/")', /^\/[^\0]*$/);
const id = wholeNumber(0, 4_294_967_294);
const SECOND = 1000;
const HOUR = 3_600_000;

const environmentName = /^[^=\0]+$/;
const variables = noList(
  v.record(
    text("the name of a variable", environmentName),
    text("a string without NUL", /^[^\0]*$/),
    mustBe("a map of names and values"),
  ),
  mustBe("a map of names and values"),
);
const environment = map({
  pass: v.optional(
    list(text("the name of a variable, or a pattern with * and ?", environmentName), "a list of names"),
    [...DEFAULT_PASS],
  ),
  set: v.optional(variables, {}),
});

const limits = map({
  sessions: v.optional(wholeNumber(1, 1024), 32),
  queue: v.optional(wholeNumber(0, 4096), 64),
  queue_wait: v.optional(duration(0, HOUR), "30s"),
  approval: v.optional(duration(SECOND, 24 * HOUR), "5m"),
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
  expect: oneOf(["allow", "deny", "ask"]),
  // Which names there are depends on the rest of the config: caseIssues looks.
  rule: v.optional(text("the name of a rule", RULE_ID)),
  cwd: v.optional(folder),
  env: v.optional(variables),
});

/**
 * Every key that a config may have, its type, range and default. Unknown keys pass here without a word, for valibot's
 * strict objects report only the first of them: `unknownKeys` compares the file with this schema and reports all.
 */
export const configSchema: v.GenericSchema<unknown, RawConfig> = map({
  plugin: text(`a name (${PLUGIN_NAME_IN_WORDS})`, PLUGIN_NAME),
  exec: v.optional(folder),
  rules: v.optional(rules, {}),
  default: v.optional(oneOf(["allow", "deny", "ask"]), "allow"),
  enforcement: v.optional(oneOf(["enforce", "audit"]), "enforce"),
  grammar: v.optional(grammar),
  env: v.optional(environment, {}),
  roots: v.optional(v.pipe(list(folder, "a list of folders"), v.minLength(1, mustBe("a list of at least one folder")))),
  limits: v.optional(limits, {}),
  stdio: v.optional(oneOf(["auto", "relay"]), "auto"),
  background: v.optional(oneOf(["end", "keep"])),
  ignore_scripts: v.optional(v.boolean(mustBe("true or false")), false),
  access: v.optional(access, {}),
  cases: v.optional(list(testCase, "a list of cases"), []),
  credentials: v.optional(credentials, {}),
  broker: v.optional(broker, {}),
});
