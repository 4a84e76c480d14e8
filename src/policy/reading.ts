/**
 * What a grammar makes of the arguments of one invocation.
 *
 * `command`: the verb that the tool will run (`push` in `git -C . push`). `none`: the tool runs no verb, by its
 * grammar (`jq -r .a`, bare `git`). `unclear`: the arguments cannot be read with certainty, so no rule about verbs
 * can be applied; `argument` is the culprit and `why` completes the sentence "cannot tell the command behind it: …".
 * A grammar that leaves `rest` out knows verbs only: a rule that looks further refuses the call.
 */
export type Reading =
  | { readonly kind: "command"; readonly command: string; readonly rest?: Rest }
  | { readonly kind: "none"; readonly rest?: Rest }
  | { readonly kind: "unclear"; readonly argument: string; readonly why: string };

/** What stands beside the command, however it was spelt. */
export interface Rest {
  /** The words of the command behind its first: `add` in `git remote add`. Left out where that is not known. */
  readonly subcommand?: readonly string[];
  readonly options: readonly GivenOption[];
  /** What is neither option, nor value of one, nor command, in its order. */
  readonly positionals: readonly string[];
  /** What the call acts on, in the words of the tool: branches of a push, packages of an install. Left out when unknown. */
  readonly targets?: readonly string[];
  /** What a refusal should say about the command, as the end of a sentence: `git has no such command itself`. */
  readonly remark?: string;
  /** The parts that cannot be read with certainty. A rule that depends on one of them refuses the call. */
  readonly doubts?: Readonly<Partial<Record<Part, Doubt>>>;
}

/** An option that was given. */
export interface GivenOption {
  /** All of its names, with dashes, the one for messages first: `--force`, `-f`. */
  readonly names: readonly string[];
  readonly value?: string;
  /** It is taken back: `--no-force`. */
  readonly isNegated?: boolean;
}

/**
 * A doubt about the command is one about what its word stands for: a rule that names the word itself has it all the
 * same.
 */
export type Part = "command" | "options" | "arguments" | "targets" | "folder";

/** Why a part cannot be read: `argument` is the culprit, and `why` completes "cannot tell the options, …". */
export interface Doubt {
  readonly argument: string;
  readonly why: string;
}

/**
 * Reads the arguments of one invocation, which come without argv[0].
 * Must be pure and total: no I/O, no exceptions, the same answer for the same arguments. In doubt, say so.
 */
export type Grammar = (args: readonly string[]) => Reading;
