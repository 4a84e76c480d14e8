import { isIP } from "node:net";
import { findNegated, findOption } from "./find-option.ts";
import type { GivenOption } from "../../src/policy/reading.ts";
import { DASHES, isPlain, readValue, type Value, type Written } from "./option-value.ts";
import type { OptionType } from "./options.ts";

/** What npm makes of its arguments before it looks at the command. */
export interface CommandLine {
  /** The first argument that is no option and no value of one. */
  readonly word: string | undefined;
  /** All such arguments that were read, that one first. */
  readonly words: readonly string[];
  /** The options that were read, by their full names. */
  readonly options: readonly GivenOption[];
  /** Full names of the flags that are on. */
  readonly flags: ReadonlySet<string>;
  /** The option at which reading ended, because releases of npm go on differently; undefined: all was read. */
  readonly doubt: string | undefined;
  /** An option at the end that releases read differently, so that only what options there are is uncertain. */
  readonly unread: string | undefined;
}

/**
 * Reads arguments as npm does, which takes options anywhere, knows them by name, shorthand and abbreviation, and gives
 * each a value by its type. Words and values change places as npm changes them; what it would do with the rest of an
 * option that is not known for certain is not guessed at.
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const rest = args.toReversed();
  const flags = new Set<string>();
  const words: string[] = [];
  const options: GivenOption[] = [];
  let word: string | undefined;
  for (let argument = rest.pop(); argument !== undefined; argument = rest.pop()) {
    if (DASHES.test(argument)) {
      words.push(...rest.toReversed());
      return { word: word ?? rest.pop(), words, options, flags, doubt: undefined, unread: undefined };
    }
    if (!argument.startsWith("-") || argument === "-") {
      word ??= argument;
      words.push(argument);
      continue;
    }
    const equals = argument.indexOf("=");
    if (equals >= 0) {
      rest.push(argument.slice(equals + 1));
    }
    const written = equals < 0 ? argument : argument.slice(0, equals);
    const name = written.replace(/^-+/u, "");
    if (isScoped(name) && equals >= 0 && !startsWithDash(rest)) {
      options.push({ names: [`--${name}`], value: rest.pop() ?? "" });
      continue;
    }
    const negated = name.replace(/^(no-)+/iu, "");
    const found = negated === name ? findOption(name) : findNegated(negated);
    if (found.kind === "words") {
      // One by one, for glued letters can be more words than a call takes arguments.
      found.words.toReversed().forEach((shorthand) => rest.push(shorthand));
      continue;
    }
    const isNegated = negated === name ? undefined : ((name.length - negated.length) / "no-".length) % 2 === 1;
    if (found.kind === "doubt" || !isCertain(found.type, isNegated, equals >= 0, rest)) {
      const isLast = rest.length === 0;
      return {
        word,
        words,
        options,
        flags,
        doubt: isLast ? undefined : argument,
        unread: isLast ? argument : undefined,
      };
    }
    const value = readValue({ type: found.type, isNegated, next: rest.at(-1) });
    options.push(givenOption(found, value, { isNegated, next: rest.at(-1) }));
    if (value.isTaken) {
      rest.pop();
    }
    if (value.isOn) {
      flags.add(found.name);
    } else {
      flags.delete(found.name);
    }
  }
  return { word, words, options, flags, doubt: undefined, unread: undefined };
}

/**
 * A flag is on or taken back; what takes a word has it as its value, behind `no-` too: `--no-access public` is `--access
 * public`. A flag that could take the next word is written with its own, so that it does not.
 */
function givenOption(
  { name, type: { members } }: { readonly name: string; readonly type: OptionType },
  { isTaken, isOn }: Value,
  { isNegated, next }: Pick<Written, "isNegated" | "next">,
): GivenOption {
  const names = [`--${name}`];
  const isFlag = isNegated !== undefined || members.has("Boolean");
  if (isTaken && next !== undefined && !(isFlag && /^(true|false)$/u.test(next))) {
    return { names, value: next };
  }
  const own = (members.has("Boolean") ? members.size > 1 : isTaken) ? { value: "true" } : {};
  return isOn ? { names, ...own } : { names, isNegated: true, ...own };
}

/** Settings of one registry or scope (`//host/:_authToken=…`, `@scope:registry=…`): no release has a flag like that. */
function isScoped(name: string): boolean {
  return name.includes(":") && !/^no-/iu.test(name);
}

/**
 * Whether all releases take the same of what follows. One that does not know the option takes it for a flag, or with a
 * `=` for an option with that value.
 */
function isCertain(
  { members, isEverywhere }: OptionType,
  isNegated: boolean | undefined,
  hasEquals: boolean,
  rest: readonly string[],
): boolean {
  if (members.has("Address") && isNegated !== undefined) {
    // Which addresses the machine has, and so whether this is a value, cannot be told from here.
    return isIP(rest.at(-1) ?? "") === 0;
  }
  if (isEverywhere) {
    return true;
  }
  if (isPlain(members, "Boolean")) {
    return !hasEquals;
  }
  return hasEquals && isNegated === undefined && !members.has("Boolean") && !startsWithDash(rest);
}

function startsWithDash(rest: readonly string[]): boolean {
  return rest.at(-1)?.startsWith("-") === true;
}
