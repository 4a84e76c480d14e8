import type { Grammar, Part, Reading } from "./reading.ts";

/** What is to be decided about. */
export interface Invocation {
  /** Arguments, without argv[0]. */
  readonly args: readonly string[];
  /** Folder of the call, its real path: symlinks resolved. */
  readonly cwd: string;
  /** The environment that the tool would get. Undefined when it is not known: rules that ask for it then refuse. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An invocation as rules see it. The arguments are read when the first rule asks, and once. */
export class Call {
  readonly invocation: Invocation;
  readonly #grammar: Grammar;
  #reading: Reading | undefined;

  constructor(grammar: Grammar, invocation: Invocation) {
    this.#grammar = grammar;
    this.invocation = invocation;
  }

  get reading(): Reading {
    return (this.#reading ??= this.#grammar(this.invocation.args));
  }

  /** The command, with its subcommands, as messages name it. */
  get command(): string | undefined {
    const { reading } = this;
    if (reading.kind !== "command") {
      return undefined;
    }
    return [reading.command, ...(reading.rest?.subcommand ?? [])].join(" ");
  }
}

/** A part of a call that a rule asks about and that cannot be told. */
export interface Unclear {
  readonly part: Part | "environment";
  readonly argument: string;
  readonly why: string;
}
