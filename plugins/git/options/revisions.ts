/** What `diff` and all that shows changes take, from add_diff_options of diff.c. */
export const DIFF = `
  no-patch,s patch,p,u unified,U? function-context,W raw patch-with-raw patch-with-stat numstat shortstat dirstat,X?
  cumulative dirstat-by-file? check summary name-only name-status stat? stat-width= stat-name-width= stat-graph-width=
  stat-count= compact-summary binary full-index color? ws-error-highlight= z abbrev? src-prefix= dst-prefix=
  line-prefix= no-prefix default-prefix inter-hunk-context= output-indicator-new= output-indicator-old=
  output-indicator-context= break-rewrites,B? find-renames,M? irreversible-delete,D find-copies,C? find-copies-harder
  no-renames rename-empty follow l= minimal ignore-all-space,w ignore-space-change,b ignore-space-at-eol
  ignore-cr-at-eol ignore-blank-lines ignore-matching-lines,I= indent-heuristic patience histogram diff-algorithm=
  anchored= word-diff? word-diff-regex= color-words? color-moved? color-moved-ws= relative? text,a R exit-code quiet
  ext-diff textconv ignore-submodules? submodule? ita-invisible-in-index ita-visible-in-index S= G= pickaxe-all
  pickaxe-regex O= rotate-to= skip-to= find-object= diff-filter= output=`;

/**
 * What chooses commits and how each is shown, from handle_revision_opt and handle_revision_pseudo_opt of revision.c. An
 * option marked `?` that needs a value takes it behind `=` only.
 */
export const REVISIONS = `
  max-count,n= skip= max-age= min-age= since,after= until,before= since-as-filter= first-parent
  exclude-first-parent-only ancestry-path? walk-reflogs,g default= merge topo-order simplify-merges
  simplify-by-decoration date-order author-date-order early-output? parents children dense sparse show-pulls
  in-commit-order remove-empty merges no-merges min-parents? max-parents? boundary left-right left-only right-only
  cherry cherry-mark cherry-pick count objects objects-edge objects-edge-aggressive verify-objects unpacked r t m c cc dd
  diff-merges= remerge-diff combined-all-paths v pretty? format? oneline expand-tabs? notes? show-notes?
  show-notes-by-default standard-notes show-signature show-linear-break? graph root no-commit-id always abbrev?
  abbrev-commit full-diff full-history relative-date date= log-size author= committer= grep-reflog= grep= grep-debug
  basic-regexp extended-regexp,E regexp-ignore-case,i fixed-strings,F perl-regexp,P all-match invert-grep encoding=
  reverse ignore-missing all branches? tags? remotes? glob= exclude= exclude-hidden? reflog indexed-objects
  alternate-refs not no-walk? do-walk single-worktree stdin bisect maximal-only`;

/** What `log` takes, and all that hands its options to it. */
export const LOG: string = `${REVISIONS} ${DIFF}
  quiet,q source use-mailmap,mailmap clear-decorations decorate-refs= decorate-refs-exclude= decorate? L=`;
