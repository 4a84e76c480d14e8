import { DIFF, LOG, REVISIONS } from "./revisions.ts";

/** Commands that look at commits and changes. */
export const HISTORY: Readonly<Record<string, string>> = {
  annotate: `${REVISIONS} ${DIFF}
    incremental b root show-stats progress score-debug show-name,f show-number,n porcelain,p line-porcelain c t l s
    show-email,e w ignore-rev= ignore-revs-file= color-lines color-by-age minimal S= contents= C? M? L= abbrev?`,
  blame: `${REVISIONS} ${DIFF}
    incremental b root show-stats progress score-debug show-name,f show-number,n porcelain,p line-porcelain c t l s
    show-email,e w ignore-rev= ignore-revs-file= color-lines color-by-age minimal S= contents= C? M? L= abbrev?`,
  cherry: "abbrev? verbose,v",
  describe: `
    contains debug all tags long first-parent abbrev? exact-match candidates= match= exclude= always dirty? broken?`,
  diff: `${REVISIONS} ${DIFF} cached,staged merge-base no-index base ours theirs q`,
  "diff-files": `${REVISIONS} ${DIFF} base ours theirs q`,
  "diff-index": `${REVISIONS} ${DIFF} cached merge-base`,
  "diff-tree": `${REVISIONS} ${DIFF} merge-base`,
  difftool: `${REVISIONS} ${DIFF}
    gui,g dir-diff,d no-prompt,y prompt symlinks tool,t= tool-help trust-exit-code extcmd,x= no-index`,
  "format-patch": `${REVISIONS} ${DIFF}
    numbered,n no-numbered,N signoff,s stdout cover-letter numbered-files suffix= start-number= reroll-count,v=
    filename-max-length= rfc? cover-from-description= subject-prefix= output-directory,o= keep-subject,k no-binary
    zero-commit ignore-if-in-upstream no-stat,p add-header= to= cc= from? in-reply-to= attach? inline? thread?
    signature= base= signature-file= quiet,q progress interdiff= range-diff= creation-factor= force-in-body-from
    description-file=`,
  grep: `
    cached no-index untracked exclude-standard recurse-submodules invert-match,v ignore-case,i word-regexp,w text,a I
    textconv recursive,r max-depth= extended-regexp,E basic-regexp,G fixed-strings,F perl-regexp,P line-number,n column
    h H full-name files-with-matches,name-only,l files-without-match,L null,z only-matching,o count,c color? break
    heading context,C= before-context,B= after-context,A= threads= show-function,p function-context,W f= e= and or not
    quiet,q all-match open-files-in-pager,O? ext-grep max-count,m=`,
  log: LOG,
  "merge-base": "all,a octopus independent is-ancestor fork-point",
  "name-rev": "name-only tags refs= exclude= all stdin annotate-stdin undefined always peel-tag",
  "range-diff": `${DIFF}
    creation-factor= no-dual-color notes? left-only right-only diff-merges= remerge-diff max-memory=`,
  "reflog delete": "dry-run,n rewrite updateref verbose",
  "reflog drop": "all single-worktree",
  "reflog exists": "",
  "reflog expire": `
    dry-run,n rewrite updateref verbose expire= expire-unreachable= stale-fix all single-worktree`,
  "reflog list": "",
  "reflog show": LOG,
  "reflog write": "",
  "rev-list": `${REVISIONS} ${DIFF}
    quiet header timestamp bisect-vars bisect-all use-bitmap-index test-bitmap progress? filter? no-filter
    filter-provided-objects filter-print-omitted exclude-promisor-objects missing? disk-usage? object-names
    commit-header`,
  shortlog: `${REVISIONS} ${DIFF} committer,c numbered,n summary,s email,e w? group=`,
  show: LOG,
  "show-branch": `
    all,a remotes,r color? more? list no-name current sha1-name merge-base independent topo-order topics sparse
    date-order reflog,g?`,
  "verify-commit": "verbose,v raw",
  "verify-tag": "verbose,v raw format=",
  whatchanged: `${LOG} i-still-use-this`,
};
