import { isObject, type Exchange, type JsonObject } from "../../../../src/broker/plugin.ts";
import { lfsResponse, LFS_TYPE, objectsIn, readDocument } from "./document.ts";
import type { LfsRoute } from "./route.ts";

/** Which files are locked, and whether those of a push are: only asked, never changed. */
export async function relayLocks(exchange: Exchange, { repository, kind }: LfsRoute): Promise<Response> {
  const isVerify = kind === "verify-locks";
  const given = isVerify
    ? await readDocument(exchange.body)
    : Object.fromEntries(new URLSearchParams(exchange.target.query));
  const fields: Record<string, string> = {};
  for (const name of FIELDS) {
    const value = given[name];
    if (typeof value === "string" && value !== "") {
      fields[name] = value;
    }
  }
  const ref = isObject(given["ref"]) ? given["ref"]["name"] : undefined;
  exchange.note({ service: "lfs locks", decision: "allow" });
  const base = `/${repository.path}/info/lfs/locks`;
  const headers = { accept: LFS_TYPE, "accept-encoding": "identity", "user-agent": "git-lfs/3" };
  const accepts = [LFS_TYPE, "application/json"];
  const query = String(new URLSearchParams(fields));
  const { body } = await exchange.ask(
    isVerify
      ? {
          host: repository.host,
          path: `${base}/verify`,
          method: "POST",
          headers: { ...headers, "content-type": LFS_TYPE },
          body: Buffer.from(JSON.stringify(typeof ref === "string" ? { ...fields, ref: { name: ref } } : fields)),
          accepts,
        }
      : { host: repository.host, path: query === "" ? base : `${base}?${query}`, method: "GET", headers, accepts },
  );
  const said = await readDocument(body);
  const lists = isVerify ? (["ours", "theirs"] as const) : (["locks"] as const);
  const next = said["next_cursor"];
  return lfsResponse({
    ...Object.fromEntries(lists.map((list) => [list, objectsIn(said[list]).map(readLock)])),
    ...(typeof next === "string" ? { next_cursor: next } : {}),
  });
}

const FIELDS = ["path", "id", "cursor", "limit", "refspec"];

function readLock({ id, path, locked_at, owner }: JsonObject): JsonObject {
  return { id, path, locked_at, ...(isObject(owner) ? { owner: { name: owner["name"] } } : {}) };
}
