import * as v from "valibot";

import { list, map, mustBe, oneOf, oneOrList, quoteIt, text } from "./fields.ts";
import { patternOf, type Pattern } from "./pattern.ts";
import type { Effect } from "./rule.ts";

/** `rules` as the schema leaves it. */
export interface RawRules {
  ordered: RawRule[];
  allowed_commands?: string[] | undefined;
  blocked_commands: string[];
  blocked_branches: string[];
  allowed_branch_patterns?: string[] | undefined;
}

export interface RawRule {
  id?: string | undefined;
  match: RawMatch;
  decision: Effect;
  reason?: string | undefined;
  hint?: string | undefined;
}

export interface RawMatch extends RawConditions {
  not?: RawConditions | undefined;
}

export interface RawConditions {
  command?: string[] | undefined;
  options?: string[] | undefined;
  arguments?: Pattern[] | undefined;
  every_argument?: Pattern[] | undefined;
  targets?: Pattern[] | undefined;
  every_target?: Pattern[] | undefined;
  cwd?: string[] | undefined;
  env?: Record<string, Pattern[]> | undefined;
}

/** What a rule may be called. */
export const RULE_ID: RegExp = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

const PATTERN = "text, in which * stands for any characters and ? for one, or {exact: …}, {glob: …} or {prefix: …}";
const plain = text("a string", /^[^\0]*$/);
const forms = v.pipe(
  map({ exact: v.optional(plain), glob: v.optional(plain), prefix: v.optional(plain) }),
  v.check((input) => Object.values(input).filter((value) => value !== undefined).length === 1, mustBe(PATTERN)),
  v.transform(({ exact, glob, prefix }): Pattern => {
    if (exact !== undefined) {
      return { kind: "exact", text: exact };
    }
    return glob === undefined ? { kind: "prefix", text: prefix ?? "" } : { kind: "glob", text: glob };
  }),
);
const word = v.pipe(v.string(mustBe(PATTERN, quoteIt)), v.transform(patternOf));
const pattern = v.lazy((input) => (typeof input === "object" && input !== null ? forms : word)) as v.GenericSchema<
  unknown,
  Pattern
>;
const patterns = oneOrList(pattern, "a pattern, or a list of patterns");

const command = text("a command and its subcommands, such as push or remote add", /^\S+( \S+)*$/);
const option = text("an option, such as --force, -f or --file=*", /^-[^\s=]+(=[^]*)?$/);
const folder = text('an absolute path (beginning with "/")', /^\/[^\0]*$/);
const variable = text("the name of a variable", /^[^=\0]+$/);

const conditions = {
  command: v.optional(oneOrList(command, "a command, or a list of commands")),
  options: v.optional(oneOrList(option, "an option, or a list of options")),
  arguments: v.optional(patterns),
  every_argument: v.optional(patterns),
  targets: v.optional(patterns),
  every_target: v.optional(patterns),
  cwd: v.optional(oneOrList(folder, "a folder, or a list of folders")),
  env: v.optional(v.record(variable, patterns, mustBe("a map of names and patterns"))),
};

const line = text(
  "one line of 1 to 160 printable characters",
  /^[^\p{Cc}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]{1,160}$/u,
);
const rule = map({
  id: v.optional(text("a name (1 to 64 of the characters a-z, 0-9, dot, dash and underscore)", RULE_ID)),
  match: v.optional(map({ ...conditions, not: v.optional(map(conditions)) }), {}),
  decision: oneOf(["allow", "deny", "ask"]),
  reason: v.optional(line),
  hint: v.optional(line),
});

const ordered = list(rule, "a list of rules");
const commands = list(text("a non-empty string", /^[^]/), "a list of commands");
const branches = list(text("the name of a branch, or a pattern with * and ?", /^\S+$/), "a list of branches");
const shortForms = map({
  ordered: v.optional(ordered, []),
  allowed_commands: v.optional(commands),
  blocked_commands: v.optional(commands, []),
  blocked_branches: v.optional(branches, []),
  allowed_branch_patterns: v.optional(branches),
});

/** `rules`: a map of short forms and rules of the config's own, or a list of only those. */
export const rules: v.GenericSchema<unknown, RawRules> = v.lazy((input) =>
  Array.isArray(input)
    ? v.pipe(
        ordered,
        v.transform((own) => ({ ordered: own, blocked_commands: [], blocked_branches: [] })),
      )
    : shortForms,
) as v.GenericSchema<unknown, RawRules>;
