/**
 * What npm's options take, in the terms of npm's own config definitions (`npm help config`): alternatives, joined by
 * commas. `Boolean`, `String` and `Number` are themselves; `Value` is any other type (a path, a URL, a date …), which
 * all read alike; `Array` may be given again; `Address` is an IP address of the machine; all else is a literal.
 */
export interface OptionType {
  /** Its alternatives. One alone and one of several are read differently. */
  readonly members: ReadonlySet<string>;
  /** Whether all releases that were compared have it: 9.0, 9.9, 10.0, 10.9, 11.0, 11.10, 11.19, 11.21 and 12.2. */
  readonly isEverywhere: boolean;
}

/** Options that come and go between releases are apart, for one that lacks an option reads it as an unknown one. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  Boolean: `
    all allow-same-version audit bin-links commit-hooks description dev diff-ignore-all-space diff-name-only
    diff-no-prefix diff-text dry-run engine-strict force foreground-scripts format-package-lock fund git-tag-version
    global global-style if-present ignore-scripts include-staged include-workspace-root install-links json
    legacy-bundling legacy-peer-deps link long offline omit-lockfile-registry-resolved package-lock package-lock-only
    parseable prefer-offline prefer-online progress read-only rebuild-bundle save save-bundle save-dev save-exact
    save-optional save-peer save-prod sign-git-commit sign-git-tag strict-peer-deps strict-ssl timing unicode
    update-notifier usage version versions workspaces-update`,
  String: `
    call diff-dst-prefix diff-src-prefix editor git heading init-author-email init-author-name init-license
    init.author.email init.author.name init.license message pack-destination preid save-prefix scope searchexclude
    searchopts shell tag tag-version-prefix user-agent viewer`,
  Value: `
    cache cache-max cache-min cafile diff-unified fetch-retries fetch-retry-factor fetch-retry-maxtimeout
    fetch-retry-mintimeout fetch-timeout globalconfig init-module init-version init.module init.version logs-max
    maxsockets prefix registry searchlimit searchstaleness umask userconfig`,
  "null,String": "_auth cert key node-options otp script-shell",
  "String,Array": "diff noproxy package workspace",
  "null,Boolean": "optional production workspaces yes",
  "null,Value": "before https-proxy logs-dir proxy",
  "null,String,Array": "ca cidr",
  "null,Number": "depth which",
  ",Value": "init-author-url init.author.url",
  "null,restricted,public,private": "access",
  "null,dev,development": "also",
  "null,info,low,moderate,high,critical,none": "audit-level",
  "legacy,web": "auth-type",
  "null,Boolean,String": "browser",
  "always,Boolean": "color",
  "Array,prod,dev,optional,peer": "include",
  "hoisted,nested,shallow,linked": "install-strategy",
  "null,Address": "local-address",
  "global,user,project": "location",
  "null,1,2,3": "lockfile-version",
  "silent,error,warn,notice,http,info,verbose,silly": "loglevel",
  "Array,dev,optional,peer": "omit",
  "null,prod,production": "only",
  "npmjs,never,always,String": "replace-registry-host",
};

/** In some of these releases only. */
const SOMEWHERE: Readonly<Record<string, string>> = {
  Boolean: `
    allow-scripts-pending allow-scripts-pin allow-unused-patches bypass-2fa dangerously-allow-all-scripts
    ignore-existing ignore-extension ignore-patch-failures include-attestations init-private keep-edit-dir packages-all
    prefer-dedupe provenance shrinkwrap strict-allow-scripts strict-npmrc`,
  String: "init-type patches-dir",
  Value: "global-ignore-file node-gyp provenance-file tmp",
  "null,String": "ci-name cpu libc name os password to token-description",
  "String,Array": "allow-scripts min-release-age-exclude",
  "null,Boolean": "expect-results",
  "null,Value": "edit-dir extension-file",
  "null,String,Array": "orgs packages scopes",
  "null,Number": "expect-result-count expires min-release-age",
  "all,none,root": "allow-directory allow-file allow-git allow-remote",
  "null,read-only,read-write,no-access": "orgs-permission",
  "null,read-only,read-write,read-write-stage-only,no-access": "packages-and-scopes-permission",
  "cyclonedx,spdx": "sbom-format",
  "library,application,framework": "sbom-type",
};

/** Every option by its full name. */
export const OPTIONS: ReadonlyMap<string, OptionType> = new Map([
  ...entries(EVERYWHERE, true),
  ...entries(SOMEWHERE, false),
]);

/** What npm puts in the place of these, with any number of dashes before them. The same in all releases. */
export const SHORTHANDS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    "enjoy-by": "--before",
    d: "--loglevel info",
    dd: "--loglevel verbose",
    ddd: "--loglevel silly",
    quiet: "--loglevel warn",
    q: "--loglevel warn",
    s: "--loglevel silent",
    silent: "--loglevel silent",
    verbose: "--loglevel verbose",
    desc: "--description",
    help: "--usage",
    local: "--no-global",
    n: "--no-yes",
    no: "--no-yes",
    porcelain: "--parseable",
    readonly: "--read-only",
    reg: "--registry",
    iwr: "--include-workspace-root",
    ws: "--workspaces",
    a: "--all",
    c: "--call",
    f: "--force",
    g: "--global",
    L: "--location",
    l: "--long",
    m: "--message",
    p: "--parseable",
    C: "--prefix",
    S: "--save",
    B: "--save-bundle",
    D: "--save-dev",
    E: "--save-exact",
    O: "--save-optional",
    P: "--save-prod",
    "?": "--usage",
    H: "--usage",
    h: "--usage",
    v: "--version",
    w: "--workspace",
    y: "--yes",
  }).map(([name, words]) => [name, words.split(" ")]),
);

function entries(table: Readonly<Record<string, string>>, isEverywhere: boolean): [string, OptionType][] {
  return Object.entries(table).flatMap(([type, names]) => {
    const option = { members: new Set(type.split(",")), isEverywhere };
    return names
      .trim()
      .split(/\s+/u)
      .map((name): [string, OptionType] => [name, option]);
  });
}
