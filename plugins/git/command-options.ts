import { optionTable, parseOptions, type OptionTable } from "../../src/policy/option-table.ts";

/** The options of a command of git, or of one with its subcommand; undefined when they are not known here. */
export function commandOptions(command: string): OptionTable | undefined {
  const notation = NOTATIONS.get(command);
  let table = tables.get(command);
  if (table === undefined && notation !== undefined) {
    table = optionTable(parseOptions(`${EVERYWHERE} ${notation}`), {
      abbreviations: true,
      negations: true,
      endsAtPositional: ENDS_AT_POSITIONAL.has(command),
    });
    tables.set(command, table);
  }
  return table;
}

/** Commands whose options are known here; with their subcommand, where they have one. */
export function knownCommands(): string[] {
  return [...NOTATIONS.keys()];
}

/** Commands whose first positional may be a subcommand. */
export const WITH_SUBCOMMANDS: ReadonlySet<string> = new Set([
  "bisect",
  "bundle",
  "commit-graph",
  "credential",
  "maintenance",
  "multi-pack-index",
  "notes",
  "p4",
  "reflog",
  "refs",
  "remote",
  "rerere",
  "sparse-checkout",
  "stash",
  "submodule",
  "subtree",
  "svn",
  "worktree",
]);

const tables = new Map<string, OptionTable>();

/** parse-options.c answers these itself in every command that has no other use for their names. */
const EVERYWHERE = "help,h help-all";

/** PARSE_OPT_STOP_AT_NON_OPTION in the command's source. */
const ENDS_AT_POSITIONAL = new Set(["config", "ls-remote"]);

/**
 * In the notation of `parseOptions`, from `git <command> -h` and `--git-completion-helper-all` of 2.39, and what later
 * releases up to 2.55 added and rules are likely to name. An option that only git knows makes the call unclear.
 */
const NOTATIONS: ReadonlyMap<string, string> = new Map([
  [
    "add",
    "dry-run,n verbose,v interactive,i patch,p edit,e force,f update,u renormalize intent-to-add,N all,A " +
      "ignore-removal refresh ignore-errors ignore-missing sparse chmod= pathspec-from-file= " +
      "pathspec-file-nul warn-embedded-repo",
  ],
  [
    "branch",
    "verbose,v quiet,q track,t? set-upstream-to,u= unset-upstream color? remotes,r contains,with= no-contains,without= " +
      "abbrev? all,a delete,d D move,m M copy,c C list,l show-current create-reflog edit-description " +
      "force,f merged= no-merged= column? sort= points-at= ignore-case,i recurse-submodules format= " +
      "set-upstream",
  ],
  [
    "checkout",
    "b= B= l guess overlay quiet,q recurse-submodules? progress merge,m conflict= detach,d track,t? " +
      "force,f orphan= overwrite-ignore ignore-other-worktrees ours,2 theirs,3 patch,p " +
      "ignore-skip-worktree-bits pathspec-from-file= pathspec-file-nul",
  ],
  [
    "cherry-pick",
    "quit continue abort skip cleanup= no-commit,n edit,e signoff,s mainline,m= rerere-autoupdate " +
      "strategy= strategy-option,X= gpg-sign,S? x ff allow-empty allow-empty-message keep-redundant-commits",
  ],
  ["clean", "quiet,q dry-run,n force,f interactive,i d exclude,e= x X"],
  [
    "clone",
    "verbose,v quiet,q progress reject-shallow no-checkout,n bare mirror local,l no-hardlinks shared,s " +
      "recurse-submodules,recursive? jobs,j= template= reference= reference-if-able= dissociate origin,o= " +
      "branch,b= upload-pack,u= depth= shallow-since= shallow-exclude= single-branch no-tags " +
      "shallow-submodules separate-git-dir= config,c= server-option= ipv4,4 ipv6,6 filter= " +
      "also-filter-submodules remote-submodules sparse bundle-uri= naked",
  ],
  [
    "commit",
    "quiet,q verbose,v file,F= author= date= message,m= reedit-message,c= reuse-message,C= fixup= squash= " +
      "reset-author trailer= signoff,s template,t= edit,e cleanup= status gpg-sign,S? all,a include,i " +
      "interactive patch,p only,o no-verify,n dry-run short branch ahead-behind porcelain long null,z amend " +
      "no-post-rewrite untracked-files,u? pathspec-from-file= pathspec-file-nul allow-empty " +
      "allow-empty-message",
  ],
  [
    "config",
    "global system local worktree file,f= blob= get get-all get-regexp get-urlmatch replace-all add unset " +
      "unset-all rename-section remove-section list,l fixed-value edit,e get-color get-colorbool type,t= " +
      "bool int bool-or-int bool-or-str path expiry-date null,z name-only includes show-origin show-scope " +
      "default=",
  ],
  [
    "fetch",
    "verbose,v quiet,q all set-upstream append,a atomic porcelain upload-pack= force,f multiple,m tags,t " +
      "n jobs,j= prefetch prune,p prune-tags,P recurse-submodules? dry-run write-fetch-head keep,k " +
      "update-head-ok,u progress depth= shallow-since= shallow-exclude= deepen= unshallow refetch " +
      "update-shallow refmap= server-option,o= ipv4,4 ipv6,6 negotiation-tip= negotiate-only filter= " +
      "auto-maintenance auto-gc show-forced-updates write-commit-graph stdin submodule-prefix= " +
      "recurse-submodules-default=",
  ],
  ["init", "template= bare shared? quiet,q separate-git-dir= initial-branch,b= object-format="],
  ["ls-remote", "quiet,q upload-pack= tags,t heads,h refs get-url sort= exit-code symref server-option,o= exec="],
  [
    "merge",
    "n stat summary log? squash commit edit,e cleanup= ff ff-only rerere-autoupdate verify-signatures " +
      "strategy,s= strategy-option,X= message,m= file,F= into-name= verbose,v quiet,q abort quit continue " +
      "allow-unrelated-histories progress gpg-sign,S? autostash overwrite-ignore signoff no-verify",
  ],
  ["mv", "verbose,v dry-run,n force,f k sparse"],
  [
    "pull",
    "verbose,v quiet,q progress recurse-submodules? rebase,r? n stat log? signoff? squash commit edit " +
      "cleanup= ff ff-only verify verify-signatures autostash strategy,s= strategy-option,X= gpg-sign,S? " +
      "allow-unrelated-histories all append,a upload-pack= force,f tags,t prune,p jobs,j? dry-run keep,k " +
      "depth= shallow-since= shallow-exclude= deepen= unshallow update-shallow refmap= server-option,o= " +
      "ipv4,4 ipv6,6 negotiation-tip= show-forced-updates set-upstream summary",
  ],
  [
    "push",
    "verbose,v quiet,q repo= all,branches mirror delete,d tags dry-run,n porcelain force,f " +
      "force-with-lease? force-if-includes recurse-submodules= thin receive-pack,exec= set-upstream,u " +
      "progress prune no-verify follow-tags signed? atomic push-option,o= ipv4,4 ipv6,6",
  ],
  [
    "rebase",
    "onto= keep-base no-verify quiet,q verbose,v no-stat,n signoff committer-date-is-author-date " +
      "reset-author-date C= ignore-whitespace whitespace= force-rebase,f no-ff continue skip abort quit " +
      "edit-todo show-current-patch apply merge,m interactive,i rerere-autoupdate empty= autosquash " +
      "update-refs gpg-sign,S? autostash exec,x= rebase-merges,r? fork-point strategy,s= strategy-option,X= " +
      "root reschedule-failed-exec reapply-cherry-picks ignore-date preserve-merges keep-empty " +
      "allow-empty-message",
  ],
  ["remote add", "fetch,f tags track,t= master,m= mirror?"],
  ["remote set-url", "push add delete"],
  [
    "reset",
    "quiet,q no-refresh mixed soft hard merge keep recurse-submodules? patch,p intent-to-add,N " +
      "pathspec-from-file= pathspec-file-nul",
  ],
  [
    "restore",
    "source,s= staged,S worktree,W ignore-unmerged overlay quiet,q recurse-submodules? progress merge,m " +
      "conflict= ours,2 theirs,3 patch,p ignore-skip-worktree-bits pathspec-from-file= pathspec-file-nul",
  ],
  [
    "revert",
    "quit continue abort skip cleanup= no-commit,n edit,e signoff,s mainline,m= rerere-autoupdate " +
      "strategy= strategy-option,X= gpg-sign,S? reference",
  ],
  ["rm", "dry-run,n quiet,q cached force,f r ignore-unmatch sparse pathspec-from-file= pathspec-file-nul"],
  [
    "stash push",
    "keep-index,k staged,S patch,p quiet,q include-untracked,u all,a message,m= pathspec-from-file= " +
      "pathspec-file-nul",
  ],
  [
    "status",
    "verbose,v short,s branch,b show-stash ahead-behind porcelain? long null,z untracked-files,u? " +
      "ignored? ignore-submodules? column? no-renames find-renames,M?",
  ],
  [
    "switch",
    "create,c= force-create,C= guess discard-changes quiet,q recurse-submodules? progress merge,m " +
      "conflict= detach,d track,t? force,f orphan= overwrite-ignore ignore-other-worktrees",
  ],
  [
    "tag",
    "list,l n? delete,d verify,v annotate,a message,m= file,F= edit,e sign,s cleanup= local-user,u= " +
      "force,f create-reflog column? contains,with= no-contains,without= merged= no-merged= sort= points-at= format= " +
      "color? ignore-case,i",
  ],
  ["worktree add", "force,f b= B= detach,d checkout lock reason= quiet,q track guess-remote"],
  ["worktree remove", "force,f"],
]);
