const FILES = 300;
const FOLDERS = 20;
const FIRST_COMMIT_S = 1_600_000_000;

/** A repository with a work tree of 300 files, each commit a change to one of them. */
export function makeRepository(folder: string, commits: number, env: Readonly<Record<string, string>>): void {
  git(["init", "-q", "-b", "main", folder], env);
  git(["-C", folder, "fast-import", "--quiet"], env, stream(commits));
  git(["-C", folder, "reset", "-q", "--hard"], env);
}

/** A bare repository with one commit, of so many files of a mebibyte that nothing compresses, in one pack. */
export function makeLargeRepository(folder: string, mib: number, env: Readonly<Record<string, string>>): void {
  git(["init", "-q", "--bare", "-b", "main", folder], env);
  const files = Array.from({ length: mib }, (_, index) => {
    const content = new Uint8Array(1024 * 1024);
    for (let start = 0; start < content.length; start += MOST_RANDOM) {
      crypto.getRandomValues(content.subarray(start, start + MOST_RANDOM));
    }
    return [Buffer.from(`M 100644 inline file-${index}\ndata ${content.length}\n`), content, Buffer.from("\n")];
  });
  const head = `commit refs/heads/main\ncommitter A <a@example.org> ${FIRST_COMMIT_S} +0000\n${data("All of it\n")}`;
  git(["-C", folder, "fast-import", "--quiet"], env, Buffer.concat([Buffer.from(head), ...files.flat()]));
}

/** Of bytes that are asked for at once. */
const MOST_RANDOM = 65_536;

/** The language of git-fast-import(1). */
function stream(commits: number): string {
  return Array.from({ length: commits }, (_, index) => {
    const when = `${FIRST_COMMIT_S + index * 60} +0000`;
    const message = `Change file ${index % FILES}\n\nThe reason for change ${index}, in a line of the usual length.\n`;
    const content = `${"a line of a source file\n".repeat(20)}${index}\n`;
    return [
      "commit refs/heads/main",
      `author A <a@example.org> ${when}`,
      `committer A <a@example.org> ${when}`,
      data(message),
      `M 100644 inline folder-${index % FOLDERS}/file-${index % FILES}`,
      data(content),
      "",
    ].join("\n");
  }).join("");
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

function git(args: readonly string[], env: Readonly<Record<string, string>>, input: string | Uint8Array = ""): void {
  const { exitCode, stderr } = Bun.spawnSync(["git", ...args], {
    env: { ...env },
    stdin: Buffer.from(input),
    stdout: "ignore",
    stderr: "pipe",
  });
  if (exitCode !== 0) {
    throw new Error(`Cannot make a repository: git ${args.join(" ")}: ${stderr.toString()}`);
  }
}
