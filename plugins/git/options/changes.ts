import { DIFF, LOG } from "./revisions.ts";

/** Commands that change the working tree, the index or branches. */
export const CHANGES: Readonly<Record<string, string>> = {
  add: `
    dry-run,n verbose,v interactive,i patch,p edit,e force,f update,u renormalize intent-to-add,N all,A ignore-removal
    refresh ignore-errors ignore-missing sparse chmod= pathspec-from-file= pathspec-file-nul warn-embedded-repo
    unified,U= inter-hunk-context= auto-advance`,
  am: `
    interactive,i binary,b 3way,3 quiet,q signoff,s utf8,u keep,k keep-non-patch message-id,m keep-cr scissors,c
    quoted-cr= whitespace= ignore-space-change ignore-whitespace directory= exclude= include= C= p= patch-format=
    reject resolvemsg= continue resolved,r skip abort quit show-current-patch? allow-empty
    committer-date-is-author-date ignore-date rerere-autoupdate gpg-sign,S? empty= rebasing no-verify,n retry`,
  apply: `
    exclude= include= p= no-add stat allow-binary-replacement binary numstat summary check index intent-to-add,N cached
    unsafe-paths apply 3way,3 build-fake-ancestor= z C= whitespace= ignore-space-change ignore-whitespace reverse,R
    unidiff-zero reject allow-overlap verbose,v quiet,q inaccurate-eof recount directory= allow-empty ours theirs union`,
  bisect: "",
  "bisect bad": "",
  "bisect good": "",
  "bisect log": "",
  "bisect new": "",
  "bisect next": "",
  "bisect old": "",
  "bisect replay": "",
  "bisect reset": "",
  "bisect run": "",
  "bisect skip": "",
  "bisect start": "term-good= term-old= term-bad= term-new= no-checkout first-parent",
  "bisect terms": "term-good term-old term-bad term-new",
  branch: `
    verbose,v quiet,q track,t? set-upstream set-upstream-to,u= unset-upstream color? remotes,r contains,with=
    no-contains,without= abbrev? all,a delete,d D move,m M copy,c C list,l show-current create-reflog edit-description
    force,f merged= no-merged= column? sort= points-at= ignore-case,i recurse-submodules format= omit-empty`,
  checkout: `
    b= B= l guess overlay quiet,q recurse-submodules? progress merge,m conflict= detach,d track,t? force,f orphan=
    overwrite-ignore ignore-other-worktrees ours,2 theirs,3 patch,p ignore-skip-worktree-bits pathspec-from-file=
    pathspec-file-nul unified,U= inter-hunk-context= auto-advance`,
  "cherry-pick": `
    quit continue abort skip cleanup= no-commit,n edit,e r signoff,s mainline,m= rerere-autoupdate strategy=
    strategy-option,X= gpg-sign,S? x ff allow-empty allow-empty-message keep-redundant-commits empty=`,
  clean: "quiet,q dry-run,n force,f interactive,i d exclude,e= x X",
  commit: `
    quiet,q verbose,v file,F= author= date= message,m= reedit-message,c= reuse-message,C= fixup= squash= reset-author
    trailer= signoff,s template,t= edit,e cleanup= status gpg-sign,S? all,a include,i interactive patch,p only,o
    no-verify,n dry-run short branch ahead-behind porcelain long null,z amend no-post-rewrite untracked-files,u?
    pathspec-from-file= pathspec-file-nul allow-empty allow-empty-message unified,U= inter-hunk-context=`,
  merge: `
    n stat summary log? squash commit edit,e cleanup= ff ff-only rerere-autoupdate verify-signatures strategy,s=
    strategy-option,X= message,m= file,F= into-name= verbose,v quiet,q abort quit continue allow-unrelated-histories
    progress gpg-sign,S? autostash overwrite-ignore signoff no-verify compact-summary`,
  mv: "verbose,v dry-run,n force,f k sparse",
  rebase: `
    onto= keep-base no-verify quiet,q verbose,v no-stat,n signoff committer-date-is-author-date reset-author-date
    ignore-date C= ignore-whitespace whitespace= force-rebase,f no-ff continue skip abort quit edit-todo
    show-current-patch apply merge,m interactive,i preserve-merges,p rerere-autoupdate empty= keep-empty,k autosquash
    update-refs gpg-sign,S? autostash exec,x= allow-empty-message rebase-merges,r? fork-point strategy,s=
    strategy-option,X= root reschedule-failed-exec reapply-cherry-picks trailer=`,
  rerere: "rerere-autoupdate",
  reset: `
    quiet,q no-refresh mixed soft hard merge keep recurse-submodules? patch,p intent-to-add,N pathspec-from-file=
    pathspec-file-nul unified,U= inter-hunk-context= auto-advance`,
  restore: `
    source,s= staged,S worktree,W ignore-unmerged overlay quiet,q recurse-submodules? progress merge,m conflict= ours,2
    theirs,3 patch,p ignore-skip-worktree-bits pathspec-from-file= pathspec-file-nul unified,U= inter-hunk-context=`,
  revert: `
    quit continue abort skip cleanup= no-commit,n edit,e r signoff,s mainline,m= rerere-autoupdate strategy=
    strategy-option,X= gpg-sign,S? reference`,
  rm: "dry-run,n quiet,q cached force,f r ignore-unmatch sparse pathspec-from-file= pathspec-file-nul",
  "sparse-checkout": "",
  "sparse-checkout add": "skip-checks stdin",
  "sparse-checkout check-rules": "z cone rules-file=",
  "sparse-checkout clean": "force,f dry-run,n verbose,v",
  "sparse-checkout disable": "",
  "sparse-checkout init": "cone sparse-index",
  "sparse-checkout list": "",
  "sparse-checkout reapply": "cone sparse-index",
  "sparse-checkout set": "cone sparse-index skip-checks stdin",
  "stash apply": "quiet,q index",
  "stash branch": "",
  "stash clear": "",
  "stash drop": "quiet,q",
  "stash list": LOG,
  "stash pop": "quiet,q index",
  "stash push": `
    keep-index,k staged,S patch,p quiet,q include-untracked,u all,a message,m= pathspec-from-file= pathspec-file-nul
    unified,U= inter-hunk-context=`,
  "stash save": "keep-index,k staged,S patch,p quiet,q include-untracked,u all,a message,m=",
  "stash show": `${DIFF} include-untracked,u only-untracked`,
  "stash store": "quiet,q message,m=",
  status: `
    verbose,v short,s branch,b show-stash ahead-behind porcelain? long null,z untracked-files,u? ignored?
    ignore-submodules? column? no-renames find-renames,M?`,
  switch: `
    create,c= force-create,C= guess discard-changes quiet,q recurse-submodules? progress merge,m conflict= detach,d
    track,t? force,f orphan= overwrite-ignore ignore-other-worktrees`,
  tag: `
    list,l n? delete,d verify,v annotate,a message,m= file,F= edit,e sign,s cleanup= local-user,u= force,f
    create-reflog column? contains,with= no-contains,without= merged= no-merged= sort= points-at= format= color?
    ignore-case,i omit-empty trailer=`,
  worktree: "",
  "worktree add": `
    force,f b= B= detach,d checkout lock reason= quiet,q track guess-remote orphan relative-paths`,
  "worktree list": "porcelain verbose,v expire= z",
  "worktree lock": "reason=",
  "worktree move": "force,f relative-paths",
  "worktree prune": "dry-run,n verbose,v expire=",
  "worktree remove": "force,f",
  "worktree repair": "relative-paths",
  "worktree unlock": "",
};
