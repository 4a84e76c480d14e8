import type { Exchange } from "../../../../src/broker/plugin.ts";
import { readRepository, type Repository } from "../route.ts";

/** What of Git LFS a request is, by git-lfs's own documents of its API. */
export interface LfsRoute {
  readonly repository: Repository;
  /** `batch`: which objects, and where; `transfer`: one of them; `other`: none that passes. */
  readonly kind: "batch" | "transfer" | "locks" | "verify-locks" | "change-locks" | "other";
  /** Of a transfer. */
  readonly token: string;
}

/**
 * Reads the path of a request; undefined when it is none of Git LFS.
 *
 * @throws {Refusal} `route`
 */
export function readLfsRoute({
  method,
  target: { host, segments, query },
}: Pick<Exchange, "method" | "target">): LfsRoute | undefined {
  const index = segments.lastIndexOf("lfs");
  if (index < 1 || segments[index - 1] !== "info") {
    return undefined;
  }
  const rest = segments.slice(index + 1);
  return {
    repository: readRepository(host, segments.slice(0, index - 1)),
    kind: query !== "" && rest.join("/") !== "locks" ? "other" : kindOf(method, rest),
    token: rest[1] ?? "",
  };
}

function kindOf(method: string, [first = "", second, ...more]: readonly string[]): LfsRoute["kind"] {
  if (more.length > 0) {
    return method === "POST" && first === "locks" && more.length === 1 && more[0] === "unlock"
      ? "change-locks"
      : "other";
  }
  if (first === TRANSFER && second !== undefined) {
    return "transfer";
  }
  return KINDS[[method, first, second ?? ""].join(" ")] ?? "other";
}

/** The part of the path under which the broker serves what an upstream keeps elsewhere. */
export const TRANSFER = "transfer";

const KINDS: Readonly<Record<string, LfsRoute["kind"]>> = {
  "POST objects batch": "batch",
  "GET locks ": "locks",
  "POST locks verify": "verify-locks",
  "POST locks ": "change-locks",
};
