import { measuresOff, type Situation } from "./situation.ts";

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

/** The config for git that a user would write for it. JSON is YAML. */
export function gitConfig({ policy, upstream, daemonEnv }: Situation): string {
  const { host } = new URL(upstream.gitUrl);
  const short = (ref: string): string => ref.replace(/^refs\/heads\//, "");
  const broker = {
    credentials: { [host]: { file: "/run/secrets/git_token" } },
    broker: {
      allowed_repos: (policy.allowed_repos ?? ["/*"]).map((path) => `${host}/${path.replace(/^\/+/, "")}`),
      hosts: { [host]: { protocol: "http" } },
      tags: policy.no_tags === true ? "none" : policy.no_force === true ? "create" : "any",
      // Without a word about force the corpus means that it is allowed.
      ...(policy.no_force === true
        ? { own_branches: [], verify_fast_forward: true, delete_branches: "none" }
        : { update_branches: "any", delete_branches: "any" }),
    },
  };
  return JSON.stringify({
    plugin: "git",
    rules: {
      // By this alias our own cases run their code: a hook would do as well, and then only the wire can refuse.
      ordered: [{ match: { command: "t" }, decision: "allow" }],
      ...blocked(policy, "push"),
      blocked_branches: (policy.protected_refs ?? []).map(short),
      ...(policy.allowed_refs === undefined ? {} : { allowed_branch_patterns: policy.allowed_refs.map(short) }),
    },
    ...environment(daemonEnv),
    ...(measuresOff.has("broker") ? {} : broker),
  });
}

/** The config for npm: reading is allowed, and nobody publishes. */
export function npmConfig({ policy, upstream, daemonEnv }: Situation): string {
  const { host } = new URL(upstream.registry);
  const broker = {
    credentials: { [host]: { file: "/run/secrets/npm_token" } },
    broker: { registries: { default: upstream.registry }, whoami: true, hosts: { [host]: { protocol: "http" } } },
  };
  return JSON.stringify({
    plugin: "npm",
    rules: blocked(policy, "publish"),
    ...environment(daemonEnv),
    ...(measuresOff.has("broker") ? {} : broker),
  });
}

/** A case names commands of its own tool, which is not said; `one` is of every list for this tool. */
function blocked({ blocked_commands: names = [] }: CasePolicy, one: string): { blocked_commands: readonly string[] } {
  return { blocked_commands: names.includes(one) || !NAMES.some((name) => names.includes(name)) ? names : [] };
}

const NAMES = ["push", "publish"];

/** Without a measure: what a plugin that gives all to the tool would give. */
function environment(daemonEnv: Situation["daemonEnv"]): object {
  const { PATH: _, ...own } = daemonEnv;
  const env = {
    ...(measuresOff.has("environment") ? { pass: ["*"] } : {}),
    ...(measuresOff.has("broker") ? { set: own } : {}),
  };
  return Object.keys(env).length === 0 ? {} : { env };
}
