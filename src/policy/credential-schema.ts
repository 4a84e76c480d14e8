import * as v from "valibot";

import type { CredentialReference } from "./broker-config.ts";
import { hostName } from "./broker-schema.ts";
import { parseDuration } from "./duration.ts";
import { map, mustBe, noList } from "./fields.ts";
import { KEEP_IT_OUT, looksLikeSecret } from "./secret.ts";

/** How long what a command prints is used, where it does not say how long it is good for. */
const DEFAULT_CACHE_MS = 300_000;

// Nothing that was found is ever quoted here: it may be the secret.
const anything = v.optional(v.unknown());
const reference = v.pipe(
  v.unknown(),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = shapeProblem(dataset.value);
    if (problem !== undefined) {
      addIssue({ message: problem });
    }
  }),
  map({ file: anything, env: anything, command: anything, username: anything, cache: anything }),
  v.rawTransform(({ dataset, addIssue, NEVER }): CredentialReference => {
    const read = readReference(dataset.value);
    if (typeof read === "string") {
      addIssue({ message: read });
      return NEVER;
    }
    return read;
  }),
);

const about = mustBe("a map of hosts, each with a reference to its secret");

/** `credentials`: for each host where its secret is, never the secret itself. */
export const credentials: v.GenericSchema<unknown, Record<string, CredentialReference>> = noList(
  v.record(hostName, reference, about),
  about,
);

const FORM = "a map with one of file (an absolute path), env (the name of a variable) or command (a list)";

const KEYS = ["file", "env", "command", "username", "cache"];

/** What is wrong with it before its values are looked at: the end of "KEY must be …". */
function shapeProblem(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return `${FORM}, found ${input === null ? "nothing" : "a value"}; ${KEEP_IT_OUT}`;
  }
  return Object.keys(input).every((key) => KEYS.includes(key))
    ? undefined
    : `${FORM}, and optionally username and cache, found other keys; ${KEEP_IT_OUT}`;
}

/** The reference, or what is wrong with it: the end of "KEY must be …". */
function readReference(input: Readonly<Record<string, unknown>>): CredentialReference | string {
  const { file, env, command, username, cache } = input;
  if ([file, env, command].filter((value) => value !== undefined).length !== 1) {
    return `${FORM}, found ${file === undefined && env === undefined && command === undefined ? "none" : "more than one"} of them`;
  }
  if (username !== undefined && !(typeof username === "string" && /^[\x21-\x39\x3b-\x7e]+$/.test(username))) {
    return "a reference whose username has printable characters without blanks and colons";
  }
  const cacheMs = cache === undefined ? DEFAULT_CACHE_MS : typeof cache === "string" ? parseDuration(cache) : undefined;
  if (cacheMs === undefined || (cache !== undefined && command === undefined)) {
    return "a reference whose cache is a duration such as 5m, and stands beside command";
  }
  if (file !== undefined) {
    return typeof file === "string" && /^\/[^\0]+$/.test(file)
      ? { source: { kind: "file", path: file }, username }
      : `a reference whose file is an absolute path; ${KEEP_IT_OUT}`;
  }
  if (env !== undefined) {
    return typeof env === "string" && /^[A-Z_][A-Z0-9_]{0,127}$/.test(env)
      ? { source: { kind: "env", name: env }, username }
      : `a reference whose env is the name of a variable, in capitals; ${KEEP_IT_OUT}`;
  }
  return isCommand(command)
    ? { source: { kind: "command", command, cacheMs }, username }
    : "a reference whose command is a list: the absolute path of a program, and its arguments, without secrets";
}

function isCommand(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.every((word) => typeof word === "string" && !word.includes("\0") && !looksLikeSecret(word)) &&
    String(value[0]).startsWith("/")
  );
}
