import { Moved, Refusal, type Exchange, type UpstreamAnswer } from "../../../../src/broker/plugin.ts";
import { checkPush } from "../push-rules.ts";
import { isReachable } from "./action.ts";
import { LFS_TYPE, lfsResponse } from "./document.ts";
import type { LfsRoute } from "./route.ts";
import type { Transfer, Transfers } from "./transfers.ts";

/** One object on its way, or the question whether it has arrived. */
export async function relayTransfer(exchange: Exchange, route: LfsRoute, transfers: Transfers): Promise<Response> {
  const transfer = transfers.find(route.token, route.repository);
  if (transfer === undefined || exchange.method !== METHODS[transfer.action]) {
    throw new Refusal(404, "lfs", "This address of an object has expired, or never was one; try again");
  }
  exchange.note({ service: `lfs ${transfer.action}`, oid: transfer.oid, at: transfer.host });
  if (transfer.action !== "download") {
    checkPush(exchange.config);
  }
  exchange.note({ decision: "allow" });
  return await { download, upload, verify }[transfer.action](exchange, transfer);
}

const METHODS = { download: "GET", upload: "PUT", verify: "POST" } as const;
const MAX_REDIRECTS = 3;

async function download(exchange: Exchange, transfer: Transfer): Promise<Response> {
  const range = /^bytes=[0-9]{1,15}-[0-9]{0,15}$/.exec(exchange.headers.get("range") ?? "")?.[0];
  const asks = range === undefined ? PLAIN : { ...PLAIN, range };
  let request: Asked = { ...whereOf(transfer), headers: { ...transfer.headers, ...asks } };
  for (let left = MAX_REDIRECTS; ; left--) {
    try {
      const answer = await exchange.ask({
        ...request,
        method: "GET",
        accepts: "any",
        statuses: range === undefined ? [] : [206],
        keeps: ["content-range"],
      });
      return stored(answer);
    } catch (error) {
      const url = error instanceof Moved && left > 0 ? error.url : undefined;
      if (url === undefined || !isReachable(url, exchange.config, transfer.repository.host)) {
        throw error;
      }
      // The address that an upstream names is enough there: nothing that was given for this one goes along.
      request = { host: url.host, path: url.pathname + url.search, headers: asks, isAnonymous: true };
    }
  }
}

async function upload(exchange: Exchange, transfer: Transfer): Promise<Response> {
  const { sizeBytes, headers } = transfer;
  if (exchange.headers.get("content-length") !== String(sizeBytes)) {
    throw new Refusal(422, "lfs", `This object was announced with ${sizeBytes} bytes, and is not sent with as many`);
  }
  const { body } = await exchange.ask({
    ...whereOf(transfer),
    method: "PUT",
    // A store that knows where an object goes by a signature wants its length before it, and no chunks.
    headers: { "content-type": "application/octet-stream", ...headers, ...PLAIN, "content-length": String(sizeBytes) },
    body: exchange.body ?? new Uint8Array(0),
    accepts: "any",
    statuses: [201, 202, 204],
  });
  await body.cancel();
  return lfsResponse({});
}

async function verify(exchange: Exchange, transfer: Transfer): Promise<Response> {
  const { oid, sizeBytes: size, headers } = transfer;
  const { body } = await exchange.ask({
    ...whereOf(transfer),
    method: "POST",
    headers: { ...headers, ...PLAIN, accept: LFS_TYPE, "content-type": LFS_TYPE },
    body: Buffer.from(JSON.stringify({ oid, size })),
    accepts: "any",
    statuses: [201, 202, 204],
  });
  await body.cancel();
  return lfsResponse({});
}

type Asked = Pick<Parameters<Exchange["ask"]>[0], "host" | "path" | "headers" | "isAnonymous" | "secrets">;

const PLAIN = { "accept-encoding": "identity", "user-agent": "git-lfs/3" };

function whereOf({ host, path, headers, isAnonymous }: Transfer): Omit<Asked, "headers"> {
  const secrets = Object.values(headers).flatMap((value) => [value, value.slice(value.indexOf(" ") + 1)]);
  return { host, path, isAnonymous, secrets };
}

function stored({ status, headers, body }: UpstreamAnswer): Response {
  return new Response(body, {
    status,
    headers: { ...headers, "content-type": "application/octet-stream", "cache-control": "no-store" },
  });
}
