import { Refusal, type Exchange } from "../../../src/broker/plugin.ts";
import { passedOn } from "./fetch.ts";
import { WireError } from "./pkt-line.ts";
import { judgePush, type Verdict } from "./push-rules.ts";
import { canReport, reportRefused } from "./report-status.ts";
import { upstreamPath, type Route } from "./route.ts";
import { encodeUpdateRequest, kindOf, UpdateRequestParser, type UpdateRequest } from "./update-request.ts";

/** A push: its commands are judged before a byte of it goes on, and one that is refused refuses all. */
export async function relayPush(exchange: Exchange, route: Route): Promise<Response> {
  if ((exchange.headers.get("content-encoding") ?? "identity") !== "identity") {
    throw new Refusal(415, "route", "A push is not taken compressed; git sends none so");
  }
  const reader: Reader = (exchange.body ?? new Blob([]).stream()).getReader();
  const { request, rest } = await readRequest(reader);
  if (request.commands.length === 0) {
    return await relayTrial(exchange, route, reader, rest);
  }
  const verdicts = judgePush(exchange.config, request);
  exchange.note({ refs: request.commands.map((command) => `${kindOf(command)} ${command.ref}`).slice(0, MAX_LOGGED) });
  if (verdicts.some(({ kind }) => kind !== "pass")) {
    return await refusePush(exchange, request, verdicts, reader);
  }
  exchange.note({ decision: "allow" });
  const head = encodeUpdateRequest(request);
  const { body, headers } = await exchange.ask({
    ...upstreamPush(exchange, route),
    body: await whole(head, rest, reader),
  });
  return new Response(body, { headers: { ...headers, "cache-control": "no-store" } });
}

/** A body that is read piece by piece. */
interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

const MAX_LOGGED = 20;
/** A push that is no larger is sent in one piece, with its length, which every server takes. */
const SMALL_BYTES = 1024 * 1024;

async function readRequest(reader: Reader): Promise<{ request: UpdateRequest; rest: Uint8Array }> {
  const parser = new UpdateRequestParser();
  try {
    for (;;) {
      const { value } = await reader.read();
      const request = value === undefined ? parser.end() : parser.push(value);
      if (request !== undefined) {
        return { request, rest: parser.rest };
      }
    }
  } catch (error) {
    if (error instanceof WireError) {
      throw new Refusal(400, "wire", `plugin policy: this push cannot be read: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Before a large push git tries with nothing whether it may: a flush, and no more. */
async function relayTrial(exchange: Exchange, route: Route, reader: Reader, rest: Uint8Array): Promise<Response> {
  const { value } = rest.length > 0 ? { value: rest } : await reader.read();
  if (value !== undefined && value.length > 0) {
    throw new Refusal(400, "wire", "plugin policy: this push has no commands, and yet more bytes");
  }
  const { body, headers } = await exchange.ask({ ...upstreamPush(exchange, route), body: Buffer.from("0000") });
  return new Response(body, { headers: { ...headers, "cache-control": "no-store" } });
}

async function refusePush(
  exchange: Exchange,
  request: UpdateRequest,
  verdicts: readonly Verdict[],
  reader: Reader,
): Promise<Response> {
  const first = verdicts.find((verdict) => verdict.kind === "refuse");
  exchange.note({ decision: "deny", rule: first?.rule ?? "verify_fast_forward", message: first?.reason });
  // git reads no answer before it has sent everything.
  while (!(await reader.read()).done) {
    // What came is dropped.
  }
  if (!canReport(request)) {
    throw new Refusal(403, first?.rule ?? "", `plugin policy: ${first?.reason ?? ""}`);
  }
  return reportRefused(
    request,
    request.commands.map(({ ref }, index) => {
      const verdict = verdicts[index];
      const reason =
        verdict?.kind === "refuse" ? verdict.reason : "not pushed, since another ref of this push is refused";
      return { ref, reason };
    }),
  );
}

function upstreamPush(exchange: Exchange, route: Route): Omit<Parameters<Exchange["ask"]>[0], "body"> {
  return {
    host: route.repository.host,
    path: upstreamPath(route),
    method: "POST",
    headers: { ...passedOn(exchange), "content-type": "application/x-git-receive-pack-request" },
    accepts: ["application/x-git-receive-pack-result"],
  };
}

/** The request as it was understood, and then the pack as it comes. */
async function whole(
  head: Uint8Array,
  rest: Uint8Array,
  reader: Reader,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const chunks = [head, rest];
  let bytes = head.length + rest.length;
  while (bytes <= SMALL_BYTES) {
    const { value } = await reader.read();
    if (value === undefined) {
      return Buffer.concat(chunks);
    }
    chunks.push(value);
    bytes += value.length;
  }
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = chunks.shift() ?? (await reader.read()).value;
        if (next === undefined) {
          controller.close();
        } else {
          controller.enqueue(next);
        }
      },
      cancel: async (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
