import type { OptionHabits } from "../../src/policy/option-table.ts";

/** How a command of git reads its options: parse-options.c in most, and what the sources of the others say. */
export function habitsOf(command: string): OptionHabits {
  // git-submodule.sh reads the options of its subcommands itself, as far as the first word that is none.
  const isInScript = command.startsWith("submodule ");
  const number = command === "grep" ? "--context" : SHOWS_COMMITS.has(command) ? "--max-count" : undefined;
  return {
    abbreviations: !isReadByHand(command) && !isInScript && (!READ_TWICE.has(command) || ABBREVIATES.has(command)),
    negations: !isReadByHand(command),
    endsAtPositional: ENDS_AT_POSITIONAL.has(command) || isInScript,
    separateValues: command === "stash show" ? "never" : READ_TWICE.has(command) ? "undashed" : "always",
    ...(number === undefined ? {} : { number }),
  };
}

/** Whether no option is shortened or negated, but where the table has it so, and none is there that every command has. */
export function isReadByHand(command: string): boolean {
  return BY_HAND.has(command) || command.startsWith("bisect ");
}

const BY_HAND = named("daemon, fetch-pack, rev-parse, submodule, upload-archive");

/** PARSE_OPT_STOP_AT_NON_OPTION in the command's source, or the like in a parser by hand. */
const ENDS_AT_POSITIONAL = named(
  "bisect run, bundle create, bundle list-heads, bundle unbundle, bundle verify, config, daemon, fetch-pack, " +
    "for-each-repo, grep, ls-remote, merge-tree, show-branch",
);

/** What takes the options of revision.c, where `-5` is a number of commits. */
const SHOWS_COMMITS = named(
  "annotate, blame, diff, diff-files, diff-index, diff-tree, difftool, fast-export, format-patch, log, reflog show, " +
    "rev-list, shortlog, show, stash list, stash show, whatchanged",
);

/**
 * PARSE_OPT_KEEP_UNKNOWN_OPT: git reads the arguments once for options of the command, and what is left for those of
 * others. The first time it takes the value of an option that comes second for an option, if it looks like one.
 */
const READ_TWICE: ReadonlySet<string> = new Set([
  ...SHOWS_COMMITS,
  ...named("archive, cherry-pick, revert, sparse-checkout add, sparse-checkout set, stash store"),
]);

/** Those of them that look at each option once all the same, and take their own shortened. */
const ABBREVIATES = named("annotate, blame, shortlog");

function named(list: string): ReadonlySet<string> {
  return new Set(list.split(", "));
}
