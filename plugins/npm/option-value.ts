import type { OptionType } from "./options.ts";

/** How one option is written. */
export interface Written {
  readonly type: OptionType;
  /** Behind `no-`: undefined when it is not; doubled, it cancels itself. */
  readonly isNegated: boolean | undefined;
  /** What follows: the part behind `=`, or else the next argument; undefined at the end. */
  readonly next: string | undefined;
}

/** Whether `next` is the option's own, and what a Boolean then is. */
export interface Value {
  readonly isTaken: boolean;
  readonly isOn: boolean;
}

/**
 * Reads the value of an option as nopt does, npm's reader of options (the same in its releases 6 to 10, which npm 9 to
 * 12 have). It does not ask whether there was a `=`: `--force=publish` is the flag, and then the word `publish`; and
 * `--prefix --force` is a prefix of that name.
 */
export function readValue({ type: { members }, isNegated, next }: Written): Value {
  const isOn = isNegated !== true;
  if (isNegated !== undefined || members.has("Boolean")) {
    return next === "true" || next === "false"
      ? { isTaken: true, isOn: (next === "true") === isOn }
      : { isTaken: next !== undefined && members.size > 1 && isAlternative(members, next), isOn };
  }
  if (next === undefined || DASHES.test(next)) {
    return { isTaken: false, isOn };
  }
  return { isTaken: !isPlain(members, "String") || !/^-{1,2}[^-]/u.test(next), isOn };
}

/** A word of dashes alone, which ends the options. */
export const DASHES: RegExp = /^-{2,}$/u;

/** Whether an option has this one type. */
export function isPlain(members: ReadonlySet<string>, type: string): boolean {
  return members.size === 1 && members.has(type);
}

/** Whether a flag that is more than a flag takes this word. */
function isAlternative(members: ReadonlySet<string>, next: string): boolean {
  if (next === "") {
    return false;
  }
  return (
    (members.has(next) && !TYPES.has(next)) ||
    (members.has("Number") && !/^-{2,}[^-]/u.test(next) && !Number.isNaN(Number(next))) ||
    (members.has("String") && !/^-[^-]/u.test(next))
  );
}

const TYPES: ReadonlySet<string> = new Set(["Boolean", "String", "Number", "Value", "Array", "Address"]);
