/** How a command of git finds the subcommand in its words. */
export interface Subcommands {
  /** What it does when no word names one: `git stash` is `git stash push`. Undefined: something that has no name. */
  readonly implied: string | undefined;
  /**
   * The words that name one, where the command does something else of any other word, and of options in front:
   * `git reflog -5 main` is `git reflog show -5 main`. Undefined: the first word always does, behind options or not.
   */
  readonly names: ReadonlySet<string> | undefined;
}

/** Commands that nothing is implied by, or nothing that has a name, and whose first positional is the subcommand. */
const PLAIN =
  "bisect bundle commit-graph credential hook lfs maintenance multi-pack-index p4 refs remote rerere sparse-checkout " +
  "subtree svn worktree";

/** Commands whose first positional may be a subcommand. */
export const SUBCOMMANDS: ReadonlyMap<string, Subcommands> = new Map<string, Subcommands>([
  ...PLAIN.split(" ").map((command): [string, Subcommands] => [command, { implied: undefined, names: undefined }]),
  ["notes", { implied: "list", names: undefined }],
  ["submodule", { implied: "status", names: undefined }],
  ["config", { implied: undefined, names: named("edit get list remove-section rename-section set unset") }],
  ["reflog", { implied: "show", names: named("delete drop exists expire list show write") }],
  [
    "stash",
    { implied: "push", names: named("apply branch clear create drop export import list pop push save show store") },
  ],
]);

/** Whether `remote add` is a command with a subcommand that options of the command alone may precede. */
export function isSubcommandOf(command: string): boolean {
  const [first = "", second] = command.split(" ");
  return second !== undefined && SUBCOMMANDS.get(first)?.names === undefined;
}

function named(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}
