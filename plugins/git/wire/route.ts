import { Refusal, type Exchange } from "../../../src/broker/plugin.ts";

export type Service = "git-upload-pack" | "git-receive-pack";

/** What of git's smart protocol a request is: the only three kinds that there are. See gitprotocol-http(5). */
export interface Route {
  /** `refs`: what the repository has; `rpc`: the conversation itself. */
  readonly kind: "refs" | "rpc";
  readonly service: Service;
  readonly repository: Repository;
}

/** A repository by its address. */
export interface Repository {
  readonly host: string;
  /** As the tool wrote it, without slashes at its ends: `acme/thing.git`. */
  readonly path: string;
}

/** @throws {Refusal} `route`, for whatever is not one of the routes to the letter */
export function readRoute({ method, target, headers }: Pick<Exchange, "method" | "target" | "headers">): Route {
  const { host, segments, query } = target;
  const last = segments.at(-1);
  if (method === "GET" && last === "refs" && segments.at(-2) === "info") {
    const service = /^service=(git-upload-pack|git-receive-pack)$/.exec(query)?.[1] as Service | undefined;
    if (service === undefined) {
      throw new Refusal(
        403,
        "route",
        "Only the smart protocol of git passes here: info/refs wants exactly one service",
      );
    }
    return { kind: "refs", service, repository: readRepository(host, segments.slice(0, -2)) };
  }
  if (method === "POST" && (last === "git-upload-pack" || last === "git-receive-pack") && query === "") {
    if (headers.get("content-type") !== `application/x-${last}-request`) {
      throw new Refusal(415, "route", `Only application/x-${last}-request can be sent there`);
    }
    return { kind: "rpc", service: last, repository: readRepository(host, segments.slice(0, -1)) };
  }
  throw new Refusal(
    403,
    "route",
    "Only fetch and push by the smart protocol of git pass here; other services of this host do not",
  );
}

/** The address under which the upstream is asked. */
export function upstreamPath({ kind, service, repository }: Route): string {
  const suffix = suffixed.has(keyOf(repository)) ? ".git" : "";
  return `/${repository.path}${suffix}/${kind === "refs" ? `info/refs?service=${service}` : service}`;
}

/** Whether the upstream asks for the same address with `.git` at the repository's name; from now on it gets it. */
export function wantsSuffix({ service, repository }: Route, moved: string | undefined): boolean {
  const isSo = moved === `/${repository.path}.git/info/refs?service=${service}` && !repository.path.endsWith(".git");
  if (isSo) {
    suffixed.add(keyOf(repository));
  }
  return isSo;
}

/** Only addresses that have passed the rules and that an upstream knows come in here. */
const suffixed = new Set<string>();

function keyOf({ host, path }: Repository): string {
  return `${host}/${path}`;
}

/** @throws {Refusal} `route` */
export function readRepository(host: string, segments: readonly string[]): Repository {
  // Inside a repository's own folder other repositories could be addressed: its objects, its modules.
  const odd = segments.findIndex((segment, index) => isInside(segment, index === segments.length - 1));
  if (segments.length === 0 || odd >= 0) {
    throw new Refusal(404, "route", "The path names no repository");
  }
  return { host, path: segments.join("/") };
}

function isInside(segment: string, isLast: boolean): boolean {
  const name = segment.toLowerCase();
  return name === ".git" || (!isLast && name.endsWith(".git"));
}
