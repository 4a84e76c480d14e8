/** What is wrong with the name of a ref that a push wants to change, or undefined when nothing is. */
export function refProblem(ref: string): string | undefined {
  const rest = /^refs\/(?:heads|tags)\/([^]+)$/.exec(ref)?.[1];
  if (rest === undefined) {
    return "only branches (refs/heads/…) and tags (refs/tags/…) can be pushed";
  }
  if (ref.length > MAX_CHARS || !isWellFormed(ref)) {
    return "this is no valid name of a ref";
  }
  // git itself makes no such branches, and each of them means another thing to some program than to the next.
  if (/^(?:HEAD$|refs\/|-)/i.test(rest)) {
    return "this name can be mistaken for another ref or for an option";
  }
  return undefined;
}

/**
 * How names are compared with those that are blocked: without regard to case and to the ways of writing an accent, since
 * a server may keep its refs as files on a disk that has none either.
 */
export function foldRef(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

const MAX_CHARS = 1024;
/** Where git-check-ref-format(1) says no, and characters that cannot be seen. */
const FORBIDDEN = /[\u0000-\u0020\u007f~^:?*[\\\ufffd\u0080-\u00a0\u00ad]|\p{Cf}|\p{Zs}|\p{Zl}|\p{Zp}/u;

function isWellFormed(ref: string): boolean {
  return (
    !FORBIDDEN.test(ref) &&
    !ref.includes("..") &&
    !ref.includes("@{") &&
    !ref.endsWith(".") &&
    ref.split("/").every((part) => part !== "" && part !== "@" && !part.startsWith(".") && !/\.lock$/i.test(part))
  );
}
