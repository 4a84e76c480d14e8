import type { Doubt, GivenOption, Rest } from "../../src/policy/reading.ts";

/**
 * A push with the branches, by their short names, and other refs, by their full ones, that it would change at the
 * remote. `+main` counts as `--force` and `:main` as `--delete`. Where the repository decides what is pushed, the
 * targets are unclear. gitglossary(7) "refspec", git-push(1).
 */
export function readPush(rest: Rest): Rest {
  const options = [...rest.options];
  const isDelete = has(rest, "--delete");
  const targets: string[] = [];
  let doubt: Doubt | undefined = undecided(rest);
  for (const refspec of refspecsOf(rest.positionals.slice(1))) {
    const found = readRefspec(refspec, isDelete);
    if ("why" in found) {
      doubt ??= found;
      continue;
    }
    targets.push(...found.targets);
    addOption(options, found.isForced ? FORCE : undefined);
    addOption(options, found.isDeletion ? DELETE : undefined);
  }
  for (const name of ["--tags", "--follow-tags"]) {
    if (has(rest, name)) {
      targets.push("refs/tags/*");
    }
  }
  if (targets.length === 0 || (rest.positionals.length < 2 && !has(rest, "--tags"))) {
    doubt ??= { argument: rest.positionals[0] ?? "push", why: "write the branch too: git push REMOTE BRANCH" };
  }
  const doubts = doubt === undefined ? rest.doubts : { ...rest.doubts, targets: rest.doubts?.targets ?? doubt };
  return { ...rest, options, targets, ...(doubts === undefined ? {} : { doubts }) };
}

const FORCE: GivenOption = { names: ["--force", "-f"] };
const DELETE: GivenOption = { names: ["--delete", "-d"] };

interface Refspec {
  readonly targets: readonly string[];
  readonly isForced: boolean;
  readonly isDeletion: boolean;
}

/** Options by which the repository decides which branches are pushed. */
function undecided(rest: Rest): Doubt | undefined {
  const name = ["--all", "--mirror", "--prune"].find((option) => has(rest, option));
  return name === undefined ? undefined : { argument: name, why: "the repository decides which branches that are" };
}

/** `tag v1` is short for the tag's full name on both sides. */
export function refspecsOf(words: readonly string[]): string[] {
  const refspecs: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const next = words[index + 1];
    if (word === "tag" && next !== undefined) {
      refspecs.push(`refs/tags/${next}`);
      index++;
    } else {
      refspecs.push(word);
    }
  }
  return refspecs;
}

function readRefspec(refspec: string, isDelete: boolean): Refspec | Doubt {
  const isForced = refspec.startsWith("+");
  const bare = isForced ? refspec.slice(1) : refspec;
  const colon = bare.lastIndexOf(":");
  const source = colon < 0 ? bare : bare.slice(0, colon);
  const destination = colon < 0 ? bare : bare.slice(colon + 1);
  if (bare.startsWith("^") || destination === "") {
    return { argument: refspec, why: "the repository decides which branches that are" };
  }
  if (NO_NAME.test(destination) || /^(HEAD|@)$/.test(destination)) {
    return { argument: refspec, why: "this names no branch; write its name" };
  }
  return { targets: names(destination), isForced, isDeletion: isDelete || (colon >= 0 && source === "") };
}

/** Characters that no ref has, git-check-ref-format(1): a wildcard or an expression. */
const NO_NAME = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/;

/**
 * The names that the ref may have at the remote. git completes `heads/x` to `refs/heads/x` where the remote has that, and
 * to `refs/heads/heads/x` where it has not: which of the two, the arguments do not tell.
 */
function names(destination: string): string[] {
  const branch = /^refs\/heads\/(.+)$/.exec(destination)?.[1];
  if (branch !== undefined || destination.startsWith("refs/")) {
    return [branch ?? destination];
  }
  const [, kind, rest] = /^(heads|tags)\/(.+)$/.exec(destination) ?? [];
  return rest === undefined ? [destination] : [kind === "heads" ? rest : `refs/tags/${rest}`, destination];
}

function has({ options }: Rest, name: string): boolean {
  return options.some(({ names, isNegated }) => names.includes(name) && isNegated !== true);
}

function addOption(options: GivenOption[], option: GivenOption | undefined): void {
  if (
    option !== undefined &&
    !options.some(({ names, isNegated }) => names[0] === option.names[0] && isNegated !== true)
  ) {
    options.push(option);
  }
}
