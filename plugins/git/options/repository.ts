/** Commands about a repository itself: its objects, refs, settings and upkeep. */
export const REPOSITORY: Readonly<Record<string, string>> = {
  bugreport: "diagnose? output-directory,o= suffix,s=",
  "cat-file": `
    e p t s allow-unknown-type use-mailmap,mailmap batch? batch-check? z Z batch-command? batch-all-objects buffer
    follow-symlinks unordered textconv filters path= filter!`,
  "check-attr": "all,a cached stdin z source=",
  "check-ignore": "quiet,q verbose,v stdin z non-matching,n no-index",
  "check-mailmap": "stdin mailmap-file= mailmap-blob=",
  "checkout-index": `
    all,a ignore-skip-worktree-bits force,f quiet,q no-create,n index,u z stdin temp prefix= stage=`,
  column: "command= mode? raw-mode= width= indent= nl= padding=",
  "commit-graph": "object-dir=",
  "commit-graph verify": "shallow progress",
  "commit-graph write": `
    reachable stdin-packs stdin-commits append changed-paths split? max-commits= size-multiple= expire-time=
    max-new-filters= progress`,
  "commit-tree": "p= m= F= gpg-sign,S?",
  config: `
    global system local worktree file,f= blob= get get-all get-regexp get-urlmatch replace-all add unset unset-all
    rename-section remove-section list,l fixed-value edit,e get-color get-colorbool type,t= bool int bool-or-int
    bool-or-str path expiry-date null,z name-only includes show-origin show-scope default= comment=`,
  "config edit": "global system local worktree file,f= blob=",
  "config get": `
    global system local worktree file,f= blob= all regexp value= fixed-value url= null,z name-only show-origin
    show-scope show-names type= bool int bool-or-int bool-or-str path expiry-date includes default=`,
  "config list": `
    global system local worktree file,f= blob= null,z name-only show-origin show-scope show-names type= bool int
    bool-or-int bool-or-str path expiry-date includes`,
  "config remove-section": "global system local worktree file,f= blob=",
  "config rename-section": "global system local worktree file,f= blob=",
  "config set": `
    global system local worktree file,f= blob= type= bool int bool-or-int bool-or-str path expiry-date all value=
    fixed-value comment= append`,
  "config unset": "global system local worktree file,f= blob= all value= fixed-value",
  "count-objects": "verbose,v human-readable,H",
  diagnose: "output-directory,o= suffix,s= mode=",
  "fmt-merge-msg": "log? summary? message,m= into-name= file,F=",
  "for-each-ref": `
    shell,s perl,p python tcl count= format= color? sort= points-at= merged= no-merged= contains= no-contains=
    ignore-case stdin exclude= omit-empty include-root-refs start-after=`,
  "for-each-repo": "config= keep-going",
  fsck: `
    verbose,v unreachable dangling tags root cache reflogs full connectivity-only strict lost-found progress
    name-objects references`,
  gc: `
    quiet,q prune? cruft aggressive auto force keep-largest-pack expire-to= max-cruft-size= detach
    skip-foreground-tasks`,
  "hash-object": "t= w stdin stdin-paths no-filters literally path=",
  help: `
    all,a external-commands aliases exclude-guides man,m web,w info,i verbose,v guides,g user-interfaces
    developer-interfaces config,c config-for-completion config-sections-for-completion`,
  hook: "",
  "hook run": "ignore-missing to-stdin= allow-unknown-hook-name jobs,j=",
  init: "template= bare shared? quiet,q separate-git-dir= initial-branch,b= object-format= ref-format=",
  "interpret-trailers": `
    in-place trim-empty where= if-exists= if-missing= only-trailers only-input unfold parse no-divider trailer=`,
  "ls-files": `
    z t v f cached,c deleted,d modified,m others,o ignored,i stage,s killed,k directory eol empty-directory unmerged,u
    resolve-undo exclude,x= exclude-from,X= exclude-per-directory= exclude-standard full-name recurse-submodules
    error-unmatch with-tree= abbrev? debug deduplicate sparse format=`,
  "ls-tree": "d r t z long,l name-only,name-status object-only full-name full-tree format= abbrev?",
  mailinfo: "k b message-id,m u n encoding= scissors quoted-cr= inbody-headers",
  maintenance: "",
  "maintenance register": "config-file=",
  "maintenance run": "auto schedule= quiet task= detach",
  "maintenance start": "scheduler=",
  "maintenance stop": "",
  "maintenance unregister": "config-file= force,f",
  "merge-file": "stdout,p diff3 zdiff3 ours theirs union marker-size= quiet,q L= object-id diff-algorithm=",
  "merge-tree": `
    write-tree trivial-merge messages z name-only allow-unrelated-histories stdin merge-base= strategy-option,X= quiet`,
  mktag: "strict",
  mktree: "z missing batch",
  "multi-pack-index": "object-dir=",
  "multi-pack-index expire": "progress",
  "multi-pack-index repack": "batch-size= progress",
  "multi-pack-index verify": "progress",
  "multi-pack-index write": "preferred-pack= bitmap progress stdin-packs refs-snapshot= incremental",
  notes: "ref=",
  "notes add": `
    message,m= file,F= reedit-message,c= reuse-message,C= allow-empty force,f edit,e separator? stripspace`,
  "notes append": "message,m= file,F= reedit-message,c= reuse-message,C= allow-empty edit,e separator? stripspace",
  "notes copy": "force,f stdin for-rewrite=",
  "notes edit": "message,m= file,F= reedit-message,c= reuse-message,C= allow-empty separator? stripspace",
  "notes get-ref": "",
  "notes list": "",
  "notes merge": "verbose,v quiet,q strategy,s= commit abort",
  "notes prune": "dry-run,n verbose,v",
  "notes remove": "ignore-missing stdin",
  "notes show": "",
  "pack-objects": `
    quiet,q progress all-progress all-progress-implied index-version= max-pack-size= local incremental window=
    window-memory= depth= reuse-delta reuse-object delta-base-offset threads= non-empty revs unpacked all reflog
    indexed-objects stdin-packs? stdout include-tag keep-unreachable pack-loose-unreachable unpack-unreachable? cruft
    cruft-expiration? sparse thin shallow honor-pack-keep keep-pack= compression= keep-true-parents use-bitmap-index
    write-bitmap-index write-bitmap-index-quiet filter= missing= exclude-promisor-objects delta-islands uri-protocol=
    name-hash-version= path-walk`,
  "pack-refs": "all prune auto include= exclude=",
  "patch-id": "unstable stable verbatim",
  prune: "dry-run,n verbose,v progress expire= exclude-promisor-objects",
  "prune-packed": "dry-run,n quiet,q",
  "read-tree": `
    index-output= empty verbose,v m trivial aggressive reset prefix= u exclude-per-directory= i dry-run,n
    no-sparse-checkout debug-unpack recurse-submodules? quiet,q`,
  refs: "",
  "refs migrate": "ref-format= dry-run no-reflog",
  "refs verify": "strict verbose",
  repack: `
    a A cruft cruft-expiration= d f F n quiet,q local,l write-bitmap-index,b delta-islands,i unpack-unreachable=
    keep-unreachable,k window= window-memory= depth= threads= max-pack-size= pack-kept-objects keep-pack= geometric,g=
    write-midx,m expire-to= filter= filter-to= max-cruft-size= combine-cruft-below-size= name-hash-version= path-walk`,
  replace: "list,l delete,d edit,e graft,g convert-graft-file force,f raw format=",
  "rev-parse": `
    revs-only no-revs flags no-flags default= prefix= verify quiet,q sq short? not abbrev-ref? symbolic
    symbolic-full-name all branches? tags? remotes? glob? exclude? exclude-hidden? disambiguate? local-env-vars
    path-format? git-dir git-common-dir resolve-git-dir= git-path= show-toplevel show-superproject-working-tree
    shared-index-path absolute-git-dir is-inside-git-dir is-inside-work-tree is-bare-repository is-shallow-repository
    show-cdup show-prefix show-object-format? show-ref-format since? after? until? before? bisect parseopt! sq-quote!`,
  "show-index": "object-format=",
  "show-ref": `
    branches tags heads verify h head dereference,d hash,s? abbrev? quiet,q exclude-existing? exists`,
  stripspace: "strip-comments,s comment-lines,c",
  "symbolic-ref": "quiet,q delete,d short recurse m=",
  "update-index": `
    q ignore-submodules add replace remove unmerged refresh really-refresh chmod= assume-unchanged no-assume-unchanged
    skip-worktree no-skip-worktree ignore-skip-worktree-entries info-only force-remove z stdin ignore-missing verbose
    clear-resolve-undo index-version= split-index untracked-cache test-untracked-cache force-untracked-cache
    force-write-index fsmonitor fsmonitor-valid no-fsmonitor-valid show-index-version cacheinfo! index-info unresolve! again,g!`,
  "update-ref": "m= d no-deref z stdin create-reflog batch-updates",
  "update-server-info": "force,f",
  "verify-pack": "verbose,v stat-only,s object-format=",
  version: "build-options",
  "write-tree": "missing-ok prefix= ignore-cache-tree",
};
