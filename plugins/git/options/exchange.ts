import { DIFF, REVISIONS } from "./revisions.ts";

/** Commands that have to do with other repositories. */
export const EXCHANGE: Readonly<Record<string, string>> = {
  archive: `
    format= prefix= add-file= add-virtual-file= output,o= worktree-attributes verbose,v list,l remote= exec= mtime=
    0 1 2 3 4 5 6 7 8 9`,
  bundle: "",
  "bundle create": "quiet,q progress all-progress all-progress-implied version=",
  "bundle list-heads": "",
  "bundle unbundle": "progress",
  "bundle verify": "quiet,q",
  clone: `
    verbose,v quiet,q progress reject-shallow no-checkout,n bare,naked mirror local,l no-hardlinks shared,s
    recurse-submodules,recursive? jobs,j= template= reference= reference-if-able= dissociate origin,o= branch,b=
    upload-pack,u= depth= shallow-since= shallow-exclude= single-branch no-tags shallow-submodules separate-git-dir=
    config,c= server-option= ipv4,4 ipv6,6 filter= also-filter-submodules remote-submodules sparse bundle-uri=
    ref-format= revision=`,
  "credential-cache": "timeout= socket=",
  "credential-store": "file=",
  daemon: `
    strict-paths base-path? base-path-relaxed interpolated-path? export-all inetd listen? port? init-timeout? timeout?
    max-connections? syslog log-destination? user-path? verbose reuseaddr detach pid-file? user? group? enable? disable?
    allow-override? forbid-override? informative-errors no-informative-errors access-hook?`,
  "fast-export": `${REVISIONS} ${DIFF}
    progress= signed-tags= tag-of-filtered-object= reencode= export-marks= import-marks= import-marks-if-exists=
    fake-missing-tagger full-tree use-done-feature no-data refspec= anonymize anonymize-map=
    reference-excluded-parents show-original-ids mark-tags signed-commits=`,
  fetch: `
    verbose,v quiet,q all set-upstream append,a atomic porcelain upload-pack= force,f multiple,m tags,t n jobs,j=
    prefetch prune,p prune-tags,P recurse-submodules? dry-run write-fetch-head keep,k update-head-ok,u progress depth=
    shallow-since= shallow-exclude= deepen= unshallow refetch submodule-prefix= recurse-submodules-default=
    update-shallow refmap= server-option,o= ipv4,4 ipv6,6 negotiation-tip= negotiate-only filter= auto-maintenance
    auto-gc show-forced-updates write-commit-graph stdin`,
  "fetch-pack": `
    all stdin quiet,q keep,k thin include-tag upload-pack? exec? depth? shallow-since? shallow-exclude? deepen-relative
    refetch no-progress check-self-contained-and-connected diag-url v`,
  "ls-remote": `
    quiet,q upload-pack,exec= branches,b tags,t heads,h refs get-url sort= exit-code symref server-option,o=`,
  pull: `
    verbose,v quiet,q progress recurse-submodules? rebase,r? n stat summary log? signoff? squash commit edit cleanup= ff
    ff-only verify verify-signatures autostash strategy,s= strategy-option,X= gpg-sign,S? allow-unrelated-histories all
    append,a upload-pack= force,f tags,t prune,p jobs,j? dry-run keep,k depth= shallow-since= shallow-exclude= deepen=
    unshallow update-shallow refmap= server-option,o= ipv4,4 ipv6,6 negotiation-tip= show-forced-updates set-upstream
    compact-summary`,
  push: `
    verbose,v quiet,q repo= all,branches mirror delete,d tags dry-run,n porcelain force,f force-with-lease?
    force-if-includes recurse-submodules= thin receive-pack,exec= set-upstream,u progress prune no-verify follow-tags
    signed? atomic push-option,o= ipv4,4 ipv6,6`,
  remote: "verbose,v",
  "remote add": "fetch,f tags track,t= master,m= mirror?",
  "remote get-url": "push all",
  "remote prune": "dry-run,n",
  "remote remove": "",
  "remote rename": "progress",
  "remote rm": "",
  "remote set-branches": "add",
  "remote set-head": "auto,a delete,d",
  "remote set-url": "push add delete",
  "remote show": "n",
  "remote update": "prune,p",
  "send-pack": `
    verbose,v quiet,q receive-pack,exec= remote= all dry-run,n mirror force,f signed? push-option= progress thin atomic
    stateless-rpc stdin helper-status force-with-lease? force-if-includes`,
  submodule: "quiet,q cached",
  "submodule absorbgitdirs": "",
  "submodule add": "branch,b= force,f progress reference= dissociate name= depth= ref-format=",
  "submodule deinit": "force,f all",
  "submodule foreach": "recursive",
  "submodule init": "",
  "submodule set-branch": "default,d branch,b=",
  "submodule set-url": "",
  "submodule status": "recursive",
  "submodule summary": "files for-status summary-limit,n=",
  "submodule sync": "recursive",
  "submodule update": `
    force,f init,i remote recursive no-fetch,N checkout merge,m rebase,r reference= dissociate depth= jobs,j=
    recommend-shallow progress require-init single-branch filter= ref-format=`,
  "upload-archive": "",
};
