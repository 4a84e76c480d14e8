import { isObject, Refusal, type Exchange, type JsonObject } from "../../../../src/broker/plugin.ts";
import type { Repository } from "../route.ts";
import { checkPush } from "../push-rules.ts";
import { readAction } from "./action.ts";
import { encodeBatch, readBatch, type LfsObject } from "./batch-request.ts";
import { lfsResponse, LFS_TYPE, objectsIn, readDocument } from "./document.ts";
import { TRANSFER, type LfsRoute } from "./route.ts";
import type { Transfer, Transfers } from "./transfers.ts";

/** Which objects there are and where: what the upstream answers, with addresses of the broker in place of its own. */
export async function relayBatch(exchange: Exchange, route: LfsRoute, transfers: Transfers): Promise<Response> {
  const { repository } = route;
  const request = readBatch(await readDocument(exchange.body));
  exchange.note({ service: `lfs ${request.operation}`, objects: request.objects.length });
  if (request.operation === "upload") {
    checkPush(exchange.config);
  }
  exchange.note({ decision: "allow" });
  const answer = await exchange.ask({
    host: repository.host,
    path: `/${repository.path}/info/lfs/objects/batch`,
    method: "POST",
    headers: { accept: LFS_TYPE, "accept-encoding": "identity", "content-type": LFS_TYPE, "user-agent": "git-lfs/3" },
    body: Buffer.from(JSON.stringify(encodeBatch(request))),
    accepts: [LFS_TYPE, "application/json"],
  });
  const said = await readDocument(answer.body);
  if ((said["transfer"] ?? "basic") !== "basic" || (said["hash_algo"] ?? "sha256") !== "sha256") {
    throw new Refusal(502, "upstream", `${repository.host} answered with a way of transfer that was not asked for`);
  }
  const byOid = new Map(objectsIn(said["objects"]).map((object) => [object["oid"], object]));
  const objects = request.objects.map((object) => rewritten(object, byOid.get(object.oid)));
  return lfsResponse({ transfer: "basic", objects, hash_algo: "sha256" });

  function rewritten(asked: LfsObject, object: JsonObject | undefined): JsonObject {
    const failed = object === undefined ? NOT_ANSWERED : isObject(object["error"]) ? object["error"] : undefined;
    if (object === undefined || failed !== undefined) {
      const code = typeof failed?.["code"] === "number" ? failed["code"] : 500;
      // In words of our own, for those of the upstream may repeat what it was sent.
      return { ...asked, error: { code, message: WORDS[code] ?? `${repository.host} answered ${code}` } };
    }
    const given = isObject(object["actions"]) ? object["actions"] : {};
    const names = request.operation === "download" ? (["download"] as const) : (["upload", "verify"] as const);
    const wanted = names.filter((name) => given[name] !== undefined);
    const actions: Record<string, JsonObject> = {};
    for (const action of wanted) {
      const place = readAction(given[action], object, exchange.config, repository.host);
      if (place === undefined) {
        return {
          ...asked,
          error: { code: 502, message: `${repository.host} named an address to which the broker does not go` },
        };
      }
      actions[action] = promise({ repository, action, oid: asked.oid, sizeBytes: asked.size, ...place });
    }
    if (request.operation === "download" && wanted.length === 0) {
      return { ...asked, error: { code: 404, message: WORDS[404] } };
    }
    return { ...asked, authenticated: true, ...(wanted.length === 0 ? {} : { actions }) };
  }

  function promise(transfer: Transfer): JsonObject {
    const seconds = Math.max(1, Math.floor((transfer.untilMs - Date.now()) / 1000));
    return { href: `${addressOf(repository)}/${TRANSFER}/${transfers.keep(transfer)}`, expires_in: seconds };
  }
}

function addressOf({ host, path }: Repository): string {
  return `https://${host}/${path}/info/lfs`;
}

const NOT_ANSWERED: JsonObject = { code: 404 };

const WORDS: Readonly<Record<number, string>> = {
  403: "The upstream refuses this object",
  404: "Object does not exist on the server",
  409: "The upstream has it with another hash",
  410: "Object was removed by the owner",
  422: "The upstream takes no such object",
};
