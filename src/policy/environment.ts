import type { Config } from "./config.ts";
import { matchGlob } from "./glob.ts";

/** What the client may fill when the config does not say: language, terminal, colours, and who commits. */
export const DEFAULT_PASS: readonly string[] = [
  "LANG",
  "LC_*",
  "TZ",
  "TERM",
  "COLORTERM",
  "COLUMNS",
  "LINES",
  "NO_COLOR",
  "FORCE_COLOR",
  "GIT_AUTHOR_NAME",
  "GIT_AUTHOR_EMAIL",
  "GIT_AUTHOR_DATE",
  "GIT_COMMITTER_NAME",
  "GIT_COMMITTER_EMAIL",
  "GIT_COMMITTER_DATE",
];

/**
 * The environment of the tool: PATH and HOME of the plugin itself (`own`), then what the client `offered` and
 * `env.pass` lists, then `env.set`. Nothing else of the plugin's environment is kept: it may hold what only the
 * plugin should know. The client's PATH and HOME count only when `env.pass` has that very name, or `*`; a pattern
 * such as `P*` does not hand over which programs run. Names and values that no process can have are dropped, and of
 * a name that is offered twice the first counts, as it does for getenv.
 */
export function toolEnvironment(
  config: Config,
  offered: Iterable<readonly [string, string]>,
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const environment = new Map<string, string>();
  for (const [name, value] of offered) {
    if (isPossible(name, value) && !environment.has(name) && isPassed(config.env.pass, name)) {
      environment.set(name, value);
    }
  }
  for (const name of OWNED) {
    const value = own[name];
    if (value !== undefined && !environment.has(name)) {
      environment.set(name, value);
    }
  }
  for (const [name, value] of Object.entries(config.env.set)) {
    environment.set(name, value);
  }
  // fromEntries defines properties; assigning would let the name __proto__ through to the prototype.
  return Object.fromEntries(environment);
}

/** What rules see of an environment that is only imagined, and the names in it that nobody sees. */
export function seenEnvironment(
  config: Config,
  offered: readonly (readonly [name: string, value: string])[],
): { readonly env: Readonly<Record<string, string>>; readonly unseen: readonly string[] } {
  const env = toolEnvironment(config, offered, {});
  const names = new Set(offered.map(([name]) => name));
  return { env, unseen: [...names].filter((name) => !Object.hasOwn(env, name)) };
}

/**
 * What the client adds to the tool's environment, but for language, terminal, colours and names: a person who is asked
 * about a call must see it, for a variable can send a push elsewhere.
 */
export function addedEnvironment(
  config: Config,
  offered: Iterable<readonly [string, string]>,
): Readonly<Record<string, string>> {
  const added = Object.entries(toolEnvironment({ ...config, env: { ...config.env, set: {} } }, offered, {}));
  const isPlain = (name: string): boolean => isPassed(DEFAULT_PASS, name) || Object.hasOwn(config.env.set, name);
  return Object.fromEntries(added.filter(([name]) => !isPlain(name)));
}

const OWNED = ["PATH", "HOME"];

function isPossible(name: string, value: string): boolean {
  return name !== "" && !name.includes("=") && !name.includes("\0") && !value.includes("\0");
}

function isPassed(pass: readonly string[], name: string): boolean {
  const { names, patterns } = passList(pass);
  if (OWNED.includes(name)) {
    return names.has(name) || names.has("*");
  }
  return names.has(name) || patterns.some((pattern) => matchGlob(pattern, name));
}

/** A list as it is looked through: most entries are plain names, and every call asks for every variable. */
function passList(pass: readonly string[]): {
  readonly names: ReadonlySet<string>;
  readonly patterns: readonly string[];
} {
  const known = passLists.get(pass);
  if (known !== undefined) {
    return known;
  }
  const list = { names: new Set(pass), patterns: pass.filter((entry) => /[*?]/u.test(entry)) };
  passLists.set(pass, list);
  return list;
}

const passLists = new WeakMap<readonly string[], ReturnType<typeof passList>>();
