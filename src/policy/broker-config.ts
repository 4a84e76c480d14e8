import type { Listed, Place } from "./place.ts";

/** What a broker lets through, to whom it talks, and its bounds: the key `broker` of a config. */
export interface BrokerConfig {
  /** `host/path` with `*` and `?` in the path; for reading and for writing. Empty: nothing may pass. */
  readonly allowedRepos: readonly Listed[];
  /** The agent's own namespace: branches that it may also update by force. */
  readonly ownBranches: readonly Listed[];
  readonly createBranches: BranchScope;
  readonly updateBranches: BranchScope;
  readonly deleteBranches: BranchScope;
  /** `create`: new tags only; `any`: moved and deleted ones too. */
  readonly tags: "none" | "create" | "any";
  /** Push options that the tool may send, with `*` and `?`. They can do more than move branches: merge, skip checks. */
  readonly pushOptions: readonly Listed[];
  /** Whether other branches may be updated where the new commit is proved to have the old one as an ancestor. */
  readonly verifyFastForward: boolean;
  /** Whether Git LFS passes: large files, beside the repositories that are allowed. */
  readonly lfs: boolean;
  /** Where npm's packages come from, by scope (`@acme`), or `default` for all others. */
  readonly registries: ReadonlyMap<string, RegistryConfig>;
  /** Names of packages that may be published, with `*` and `?`. */
  readonly publish: readonly Listed[];
  /** Whether a publication may ask that a package with a scope be public, which those that are there may not be yet. */
  readonly publishPublic: boolean;
  /** Whether the tool may ask for the name of the account that the credential is of. */
  readonly whoami: boolean;
  /** Of hosts that have settings of their own, by name. */
  readonly hosts: ReadonlyMap<string, HostConfig>;
  readonly limits: BrokerLimits;
  /** Where the value of a key of `broker` stands; of a key that is left out, undefined. */
  readonly placeOf: (key: string) => Place | undefined;
}

/** Which branches something may be done to: any, those of the agent's own namespace, or none. */
export type BranchScope = "any" | "own" | "none";

/** A registry of npm packages by its address. */
export interface RegistryConfig {
  readonly host: string;
  /** What its addresses begin with: empty, or with a slash before it and none behind it. */
  readonly path: string;
}

/** How one host is spoken to. */
export interface HostConfig {
  readonly protocol: "https" | "http";
  /** File with the certificates that may vouch for the host, in PEM; undefined: those of the system. */
  readonly caFile: string | undefined;
}

/** Bounds of one broker. */
export interface BrokerLimits {
  /** Requests at the same time. */
  readonly requests: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The longest that a request may take. */
  readonly timeoutMs: number;
  /** The longest that no byte may pass. */
  readonly idleMs: number;
}

/** Where the secret for a host is, and in whose name it is used. */
export interface CredentialReference {
  readonly source:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "env"; readonly name: string }
    /** The program and its arguments; what it prints is used again for `cacheMs`, or until the expiry that it prints. */
    | { readonly kind: "command"; readonly command: readonly string[]; readonly cacheMs: number };
  /** The user's name where the secret is sent as a password; undefined: what the upstream's tokens go by. */
  readonly username: string | undefined;
}
