import { basename } from "node:path";

import type { Call, Unclear } from "./call.ts";
import type { Config, Place } from "./config.ts";
import type { DenialCode, Refused } from "./decision.ts";
import { clip, quote } from "./printable.ts";
import { RETRY } from "./retry.ts";
import type { Rule } from "./rule.ts";

/** Why an invocation is refused; one form for each way in which that can happen. */
export type Why =
  | {
      readonly rule: "roots";
      readonly place: Place | undefined;
      readonly cwd: string;
      readonly roots: readonly string[];
    }
  | { readonly rule: "unclear"; readonly by: Rule; readonly unclear: Unclear }
  | { readonly rule: "rule"; readonly by: Rule; readonly place: Place }
  | { readonly rule: "default"; readonly place: Place | undefined };

/**
 * The refusal, with its message: one line of at most 300 characters, or 600 with the rule's own reason and hint, in
 * which everything that the caller chose is shortened and escaped. It tells a coding agent which retries are of no use,
 * for it would try them.
 */
export function refuse(config: Config, call: Call, why: Why): Refused {
  const place = why.rule === "unclear" ? why.by.place : why.place;
  const rule = why.rule === "rule" ? why.by.id : why.rule;
  const effect = isAsk(config, why) ? "ask" : "deny";
  const { sentence, reason } = explain(config, call, why, effect);
  const hint = effect === "ask" ? (ownOf(why)?.hint ?? ASKED_HINT) : hintFor(why);
  const own = ownOf(why);
  const ending = effect === "ask" ? ASKED_ENDING : ENDINGS[why.rule];
  const said = own?.reason ?? (why.rule === "rule" || why.rule === "default" ? remarkOf(call) : undefined);
  const cause = said === undefined ? "" : `${effect === "ask" ? ";" : ":"} ${said}`;
  const message =
    cause === "" && own?.hint === undefined
      ? `${clip(sentence, MAX_CHARS - `. ${ending}; ${hint}.`.length)}. ${ending}; ${hint}.`
      : `${clip(sentence, MAX_SENTENCE_CHARS)}${cause}. ${ending}; ${hint}.`;
  const { command } = call;
  return {
    effect,
    rule,
    place,
    message,
    denial: {
      code: effect === "ask" ? "approval_needed" : CODES[why.rule],
      tool: config.plugin,
      command: command === undefined ? null : clip(command, 100),
      rule,
      place: place === undefined ? null : `${clip(basename(place.file), 60)}:${place.line}:${place.column}`,
      reason,
      hint,
      retryable: false,
    },
    asks:
      effect === "ask"
        ? { called: calledBy(config, call), by: asker(config, why), reason: said, hint: own?.hint }
        : undefined,
  };
}

const MAX_CHARS = 300;
/** Where the config's author has a word in the message too: a reason and a hint, of at most 160 characters each. */
const MAX_SENTENCE_CHARS = 240;
const ASKED_ENDING = "The call waits until a person has answered";
const ASKED_HINT = "tell the user that it does";
const DEFAULT_HINT = "ask the operator to change the rule";

const ENDINGS: Readonly<Record<Why["rule"], string>> = {
  roots: RETRY.folder,
  unclear: RETRY.form,
  rule: RETRY.kind,
  default: RETRY.kind,
};

const CODES: Readonly<Record<Why["rule"], DenialCode>> = {
  roots: "outside_roots",
  unclear: "unclear",
  rule: "denied_by_rule",
  default: "denied_by_default",
};

function isAsk(config: Config, why: Why): boolean {
  return why.rule === "rule" ? why.by.decision === "ask" : why.rule === "default" && config.defaultEffect === "ask";
}

function hintFor(why: Why): string {
  if (why.rule === "roots") {
    return "run it in an allowed folder or ask the operator to add this one";
  }
  if (why.rule === "unclear") {
    return `write it plainly, leave it out, or ${DEFAULT_HINT}`;
  }
  return why.rule === "rule" ? (why.by.hint ?? DEFAULT_HINT) : DEFAULT_HINT;
}

/** What is refused and by what; and the same without naming the rule, which the object names elsewhere. */
function explain(
  { plugin, file }: Config,
  call: Call,
  why: Why,
  effect: Refused["effect"],
): { sentence: string; reason: string } {
  const place = why.rule === "unclear" ? why.by.place : why.place;
  // The file is named by its base: where configs are kept is nothing the caller needs.
  const where = clip(place === undefined ? basename(file) : `${basename(place.file)}:${place.line}`, 40);
  if (why.rule === "roots") {
    const reason = `this folder is outside ${listRoots(why.roots)}`;
    return { sentence: `${plugin} is denied in ${quote(why.cwd, 50)}: ${reason} (roots, ${where})`, reason };
  }
  const { command } = call;
  if (why.rule === "unclear") {
    const { part, argument } = why.unclear;
    const reason = `cannot tell the ${part}, ${clip(why.unclear.why, 70)}`;
    const culprit = [...(command === undefined || command === argument ? [] : [command]), argument].map(word);
    const by = why.by.isShortForm ? where : `rule ${why.by.id}, ${where}`;
    return { sentence: `${[plugin, ...culprit].join(" ")} is denied: ${reason} (${by})`, reason };
  }
  const called = calledBy({ plugin }, call);
  const by = why.rule === "default" ? `the default (${where})` : `${nameOf(why.by)} (${where})`;
  if (effect === "ask") {
    return { sentence: `${called} needs a person's approval by ${by}`, reason: "it needs a person's approval" };
  }
  const own = (why.rule === "rule" ? why.by.reason : undefined) ?? remarkOf(call);
  const reason = own ?? (why.rule === "rule" ? `a rule denies it` : "no rule allows it");
  return { sentence: `${called} is denied by ${by}`, reason };
}

function ownOf(why: Why): Rule | undefined {
  return why.rule === "rule" ? why.by : undefined;
}

function calledBy({ plugin }: Pick<Config, "plugin">, { command }: Call): string {
  return command === undefined ? `${plugin} without a command` : `${plugin} ${word(command)}`;
}

/** Which rule asks, and where it stands. */
function asker({ file }: Config, why: Why): string {
  const place = why.rule === "unclear" ? why.by.place : why.place;
  const where = clip(place === undefined ? basename(file) : `${basename(place.file)}:${place.line}`, 40);
  return `${why.rule === "rule" ? nameOf(why.by) : "the default"}, ${where}`;
}

function remarkOf({ reading }: Call): string | undefined {
  return reading.kind === "command" ? reading.rest?.remark : undefined;
}

function nameOf({ id, isShortForm }: Rule): string {
  return isShortForm ? `rules.${id}` : `rule ${id}`;
}

function word(argument: string): string {
  return /^[\w.@:=/+-]+$/.test(argument) ? clip(argument, 40) : quote(argument, 40);
}

function listRoots(roots: readonly string[]): string {
  const shown = roots.slice(0, 2).map((root) => quote(root, 30));
  return roots.length > 2 ? `${shown.join(", ")} and ${roots.length - 2} more` : shown.join(" and ") || "every root";
}
