import { escapeControl } from "../../src/policy/printable.ts";
import type { Rest } from "../../src/policy/reading.ts";
import type { PreviewedCall } from "../../src/runtime/plugin.ts";
import { changeLines, type Git } from "./change.ts";
import { readGitInvocation } from "./invocation.ts";
import { refspecsOf } from "./push.ts";

/**
 * What a push would change at the remote, as far as its arguments name it and this repository knows the remote:
 * commits and a diffstat for each branch. Undefined for other commands.
 */
export async function previewPush({ args, run }: PreviewedCall): Promise<string | undefined> {
  const reading = readGitInvocation(args);
  if (reading.kind !== "command" || reading.command !== "push" || reading.rest === undefined) {
    return undefined;
  }
  const { positionals, doubts } = reading.rest;
  const [remote, ...words] = positionals;
  const unread = doubts?.options ?? doubts?.arguments;
  if (args[0] !== "push" || unread !== undefined) {
    const argument = args[0] === "push" ? (unread?.argument ?? "") : (args[0] ?? "");
    return untold(`${escapeControl(argument)} may change what git push does`);
  }
  const refspecs = refspecsOf(words);
  if (remote === undefined || refspecs.length === 0) {
    return untold("the arguments do not name the branches, the repository decides");
  }
  const git: Git = async (...words_) => await run([...SETTINGS, ...words_]);
  // The grammar counts `:x` as --delete; git takes only one of the two.
  const isDelete = has(reading.rest, "--delete") && !refspecs.some((refspec) => /^\+?:/.test(refspec));
  const parts = [await destination(git, remote)];
  for (const refspec of refspecs.slice(0, MAX_REFSPECS)) {
    parts.push(await previewRefspec(git, remote, refspec, isDelete));
  }
  const rest = refspecs.slice(MAX_REFSPECS);
  return [
    ...parts,
    ...(rest.length === 0 ? [] : [`and ${rest.length} more: ${escapeControl(rest.join(" "))}`]),
    ...MORE.filter((name) => has(reading.rest ?? NO_OPTIONS, name)).map(
      (name) => `${name}: more than that, which cannot be told`,
    ),
  ].join("\n");
}

const NO_OPTIONS: Rest = { options: [], positionals: [] };
const MAX_REFSPECS = 8;

/** By which git pushes more than the refspecs name. */
const MORE = ["--all", "--mirror", "--tags", "--follow-tags", "--prune", "--recurse-submodules"];

/** A repository's configuration could make git run a program, or show other objects than those that are pushed. */
const SETTINGS = ["--no-replace-objects", "--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false"];

function untold(why: string): string {
  return `What would be pushed cannot be told: ${why}`;
}

/** Where it goes: `pushurl` and `insteadOf` of the repository's configuration are the agent's to set. */
async function destination(git: Git, remote: string): Promise<string> {
  const urls = remote.startsWith("-") ? undefined : await git("remote", "get-url", "--push", "--all", remote);
  const known = urls?.trimEnd().split("\n").map(withoutPassword).join(" and ");
  return known === undefined
    ? `to ${escapeControl(remote)}`
    : `to ${escapeControl(remote)}, which is ${escapeControl(known)}`;
}

function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, "$1…@");
}

async function previewRefspec(git: Git, remote: string, refspec: string, isDelete: boolean): Promise<string> {
  const bare = refspec.startsWith("+") ? refspec.slice(1) : refspec;
  const colon = bare.lastIndexOf(":");
  const source = colon < 0 ? bare : bare.slice(0, colon);
  const named = colon < 0 ? bare : bare.slice(colon + 1);
  if (bare.startsWith("^") || /[*?[]/.test(bare) || named === "") {
    return untold(`${escapeControl(refspec)} names no single branch`);
  }
  const isHead = colon < 0 && /^(HEAD|@)$/.test(bare);
  const branch = isHead ? (await git("symbolic-ref", "--short", "-q", "HEAD"))?.trim() : named;
  if (branch === undefined) {
    return untold("HEAD is no branch here");
  }
  const lines = await changeLines(git, {
    source: isDelete || source === "" ? undefined : source,
    branch: branch.replace(/^refs\/heads\//, ""),
    remote: /^[\w][\w./-]*$/.test(remote) ? remote : undefined,
  });
  return lines.map(escapeControl).join("\n");
}

function has({ options }: Rest, name: string): boolean {
  return options.some(({ names, isNegated }) => names.includes(name) && isNegated !== true);
}
