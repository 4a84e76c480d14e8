/** Runs git and resolves with what it printed, undefined when it failed. */
export type Git = (...args: readonly string[]) => Promise<string | undefined>;

/** One branch of a push. */
export interface Change {
  /** What is pushed; undefined: the branch is deleted. */
  readonly source: string | undefined;
  /** At the remote, by its short name. */
  readonly branch: string;
  /** Undefined when it is no name of a remote, of which this repository could know anything. */
  readonly remote: string | undefined;
}

const MAX_COMMITS = 20;
const MAX_FILES = 40;

/** Commits that the remote would get and lose, and the diffstat of both states, as far as the last fetch tells. */
export async function changeLines(git: Git, { source, branch, remote }: Change): Promise<string[]> {
  const tracking = remote === undefined ? undefined : `refs/remotes/${remote}/${branch}`;
  const before = tracking === undefined ? undefined : await commitOf(git, tracking);
  if (source === undefined) {
    return [`deletes ${branch}${before === undefined ? "" : `, which was at ${await subjectOf(git, before)}`}`];
  }
  const after = await commitOf(git, source);
  if (after === undefined) {
    return [`${source} → ${branch}: what that is cannot be told, git finds no such commit here`];
  }
  if (before !== undefined) {
    const [news, lost] = await Promise.all([count(git, after, `^${before}`), count(git, before, `^${after}`)]);
    const losses =
      lost === "0" ? [] : [`takes away ${commits(lost)} that it has, the last being ${await subjectOf(git, before)}`];
    return [
      `${source} → ${branch}: ${commits(news)} more than at the last fetch`,
      ...losses,
      ...(await logLines(git, after, `^${before}`)),
      ...(await statLines(git, before, after)),
    ];
  }
  const base = await newestKnown(git, after);
  const known = ["--not", "--remotes"];
  return [
    `${source} → ${branch}: a new branch as of the last fetch, with ${commits(await count(git, after, ...known))} that no other has there`,
    ...(await logLines(git, after, ...known)),
    ...(await statLines(git, base ?? (await emptyTree(git)), after)),
  ];
}

async function commitOf(git: Git, name: string): Promise<string | undefined> {
  return (await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`))?.trim();
}

async function subjectOf(git: Git, commit: string): Promise<string> {
  return (await log(git, "-1", commit))?.trimEnd() ?? commit;
}

async function count(git: Git, ...range: readonly string[]): Promise<string> {
  return (await git("rev-list", "--count", ...range))?.trim() ?? "an unknown number of";
}

function commits(number: string): string {
  return `${number} ${number === "1" ? "commit" : "commits"}`;
}

async function logLines(git: Git, ...range: readonly string[]): Promise<string[]> {
  const lines = linesOf(await log(git, `--max-count=${MAX_COMMITS + 1}`, ...range));
  const shown = lines.slice(0, MAX_COMMITS).map((line) => `  ${line.replaceAll(/\s+/g, " ")}`);
  return lines.length > MAX_COMMITS ? [...shown, `  … and older ones`] : shown;
}

/** Nothing that the repository configures for `log` counts: it could run a program (gpg), or hide something. */
async function log(git: Git, ...args: readonly string[]): Promise<string | undefined> {
  return await git(
    "log",
    "--no-show-signature",
    "--no-color",
    "--no-decorate",
    "--no-notes",
    "--no-mailmap",
    "--format=%h %an: %s",
    ...args,
  );
}

async function statLines(git: Git, before: string | undefined, after: string): Promise<string[]> {
  const options = [
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--submodule=short",
    "--ignore-submodules=none",
  ];
  const stat =
    before === undefined
      ? undefined
      : await git(
          "diff",
          ...options,
          "--no-relative",
          `--stat=100,60,${MAX_FILES}`,
          "--stat-graph-width=16",
          before,
          after,
          "--",
        );
  return stat === undefined ? ["  the files that change could not be told"] : linesOf(stat);
}

/** The newest ancestor that a remote branch known here has: what is new is compared with it. */
async function newestKnown(git: Git, after: string): Promise<string | undefined> {
  const listed = linesOf(await git("rev-list", "--boundary", after, "--not", "--remotes"));
  const boundary = listed.findLast((line) => line.startsWith("-"));
  // Nothing is new: it is a second name for what is there.
  return boundary?.slice(1) ?? (listed.length === 0 ? after : undefined);
}

async function emptyTree(git: Git): Promise<string | undefined> {
  return (await git("hash-object", "-t", "tree", "/dev/null"))?.trim();
}

function linesOf(text: string | undefined): string[] {
  return (text ?? "").split("\n").filter((line) => line !== "");
}
