/** Whether git itself, of any release from 2.39 to 2.55, or one of its usual companions has this command. */
export function isKnownCommand(command: string): boolean {
  return KNOWN.has(command);
}

/** From `git --list-cmds=builtins,main,others`. One that is not here may be an alias: rules cannot tell what it does. */
const COMMANDS =
  "add am annotate apply archimport archive backfill bisect blame branch bugreport bundle cat-file " +
  "check-attr check-ignore check-mailmap check-ref-format checkout checkout--worker checkout-index " +
  "cherry cherry-pick citool clean clone column commit commit-graph commit-tree config count-objects " +
  "credential credential-cache credential-cache--daemon credential-gcloud.sh credential-libsecret " +
  "credential-netrc credential-osxkeychain credential-store cvsexportcommit cvsimport cvsserver daemon " +
  "describe diagnose diff diff-files diff-index diff-tree difftool difftool--helper fast-export " +
  "fast-import fetch fetch-pack filter-branch fmt-merge-msg for-each-ref for-each-repo format-patch " +
  "fsck fsck-objects fsmonitor--daemon gc get-tar-commit-id gitk grep gui hash-object help history hook " +
  "http-backend http-fetch http-push imap-send index-pack init init-db instaweb interpret-trailers " +
  "last-modified lfs log ls-files ls-remote ls-tree mailinfo mailsplit maintenance merge merge-base " +
  "merge-file merge-index merge-octopus merge-one-file merge-ours merge-recursive merge-recursive-ours " +
  "merge-recursive-theirs merge-resolve merge-subtree merge-tree mergetool mktag mktree " +
  "multi-pack-index mv name-rev notes p4 pack-objects pack-redundant pack-refs patch-id pickaxe prune " +
  "prune-packed pull push quiltimport range-diff read-tree rebase receive-pack reflog refs remote " +
  "remote-ext remote-fd remote-ftp remote-ftps remote-http remote-https repack replace replay repo " +
  "request-pull rerere reset restore rev-list rev-parse revert rm scalar send-email send-pack sh-i18n " +
  "sh-setup shell shortlog show show-branch show-index show-ref sparse-checkout stage stash status " +
  "stripspace submodule submodule--helper subtree svn switch symbolic-ref tag unpack-file " +
  "unpack-objects update-index update-ref update-server-info upload-archive upload-archive--writer " +
  "upload-pack var verify-commit verify-pack verify-tag version web--browse whatchanged worktree " +
  "write-tree";

/** All of them. */
export const KNOWN_COMMANDS: readonly string[] = COMMANDS.split(" ");

const KNOWN: ReadonlySet<string> = new Set(KNOWN_COMMANDS);
