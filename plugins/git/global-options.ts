/** How git reads an option that stands before its command. */
export type OptionForm =
  /** Alone: `--bare`. */
  | "flag"
  /** With a value as the next argument only: `-C path`. */
  | "separate"
  /** With a value behind `=` only: `--exec-path=path`. */
  | "attached"
  /** With a value in either way: `--git-dir path`, `--git-dir=path`. */
  | "either"
  /** Prints something and ends, whatever follows: `--html-path`. */
  | "prints";

/**
 * The options before the command, as `handle_options` in git's git.c has them, of every release from 2.39 to 2.55: an
 * option that one release lacks makes that release refuse the call. git knows no abbreviations of these and no values
 * glued to a short option, so the table is exact.
 */
export const GLOBAL_OPTIONS: ReadonlyMap<string, readonly OptionForm[]> = new Map<string, readonly OptionForm[]>([
  ["-C", ["separate"]],
  ["-c", ["separate"]],
  ["--config-env", ["either"]],
  ["--exec-path", ["prints", "attached"]],
  ["--html-path", ["prints"]],
  ["--man-path", ["prints"]],
  ["--info-path", ["prints"]],
  ["-p", ["flag"]],
  ["--paginate", ["flag"]],
  ["-P", ["flag"]],
  ["--no-pager", ["flag"]],
  ["--no-replace-objects", ["flag"]],
  ["--no-lazy-fetch", ["flag"]],
  ["--no-optional-locks", ["flag"]],
  ["--no-advice", ["flag"]],
  ["--bare", ["flag"]],
  ["--git-dir", ["either"]],
  ["--work-tree", ["either"]],
  ["--namespace", ["either"]],
  ["--super-prefix", ["either"]],
  ["--attr-source", ["either"]],
  ["--literal-pathspecs", ["flag"]],
  ["--no-literal-pathspecs", ["flag"]],
  ["--glob-pathspecs", ["flag"]],
  ["--noglob-pathspecs", ["flag"]],
  ["--icase-pathspecs", ["flag"]],
  ["--shallow-file", ["separate"]],
]);

/** Options that are commands in disguise, and the command that git makes of them. */
export const OPTION_COMMANDS: ReadonlyMap<string, string> = new Map([
  ["-h", "help"],
  ["--help", "help"],
  ["-v", "version"],
  ["--version", "version"],
]);
