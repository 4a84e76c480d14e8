import type { Pattern } from "./pattern.ts";
import type { Place } from "./place.ts";

/** What a rule says of the calls that it is about. */
export type Effect = "allow" | "deny" | "ask";

/** One rule of a config, in the order in which rules are asked. */
export interface Rule {
  /** Unique in a config, but that an allow-list is two rules: those on it, and the rest. */
  readonly id: string;
  /** Whether `id` is the name of a short form (`rules.blocked_commands`) and not one that the config's author chose. */
  readonly isShortForm: boolean;
  readonly decision: Effect;
  readonly match: Match;
  /** Why; one printable line. */
  readonly reason: string | undefined;
  /** What to do instead; one printable line. */
  readonly hint: string | undefined;
  readonly place: Place;
}

/** The conditions of a rule: all that are there must hold. Each list holds when one of its items does. */
export interface Match {
  readonly commands?: readonly CommandPattern[] | undefined;
  /** One of these options is given. */
  readonly options?: readonly OptionPattern[] | undefined;
  /** One of the arguments is one of these. */
  readonly arguments?: readonly Pattern[] | undefined;
  /** There are arguments, and each of them is one of these. */
  readonly everyArgument?: readonly Pattern[] | undefined;
  /** One of the things that the call acts on is one of these. */
  readonly targets?: readonly Pattern[] | undefined;
  /** There are such things, and each of them is one of these. */
  readonly everyTarget?: readonly Pattern[] | undefined;
  /** The call is made in one of these folders or below it; a glob is compared with the whole path. */
  readonly folders?: readonly Pattern[] | undefined;
  /** Each of these variables is set, to one of its patterns. */
  readonly variables?: readonly VariablePattern[] | undefined;
  /** All of these together must not hold. */
  readonly not?: Match | undefined;
}

/** A command and, for tools that have them, its subcommands: `remote add`. */
export interface CommandPattern {
  readonly words: readonly Pattern[];
  readonly place: Place;
}

/** An option by any of its names, with any value or with one that matches. */
export interface OptionPattern {
  readonly name: string;
  readonly value: Pattern | undefined;
}

export interface VariablePattern {
  readonly name: string;
  readonly values: readonly Pattern[];
}
