/** What a case of the attack corpus wants to be enforced. */
export interface CasePolicy {
  readonly blocked_commands?: readonly string[];
  readonly no_force?: boolean;
  readonly protected_refs?: readonly string[];
  readonly allowed_refs?: readonly string[];
  /** Paths at the one host of the case. */
  readonly allowed_repos?: readonly string[];
  readonly no_tags?: boolean;
}

/** The config that a user would write for it; `host` is the host of the case, and JSON is YAML. */
export function configOf(policy: CasePolicy, host: string, exec: string, secretFile: string): string {
  const short = (ref: string): string => ref.replace(/^refs\/heads\//, "");
  return JSON.stringify({
    plugin: "git",
    exec,
    rules: {
      blocked_commands: policy.blocked_commands ?? [],
      blocked_branches: (policy.protected_refs ?? []).map(short),
      ...(policy.allowed_refs === undefined ? {} : { allowed_branch_patterns: policy.allowed_refs.map(short) }),
    },
    credentials: { [host]: { file: secretFile } },
    broker: {
      allowed_repos: (policy.allowed_repos ?? ["/*"]).map((path) => `${host}/${path.replace(/^\/+/, "")}`),
      hosts: { [host]: { protocol: "http" } },
      tags: policy.no_tags === true ? "none" : "any",
      // Without a word about force the corpus means that it is allowed.
      ...(policy.no_force === true
        ? { own_branches: [], verify_fast_forward: true, delete_branches: "none" }
        : { update_branches: "any", delete_branches: "any" }),
    },
  });
}
