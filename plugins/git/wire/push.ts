import { Refusal, type Exchange } from "../../../src/broker/plugin.ts";
import { passedOn } from "./fetch.ts";
import { WireError } from "./pkt-line.ts";
import { Mirror } from "./mirror.ts";
import { pushBody } from "./push-body.ts";
import { judgePush, type Verdict } from "./push-rules.ts";
import type { Reader } from "./reader.ts";
import { canReport, reportRefused, reportUnreadable } from "./report-status.ts";
import { upstreamPath, type Route } from "./route.ts";
import { Spool } from "./spool.ts";
import { UpdateRequestParser } from "./update-request-parser.ts";
import { encodeUpdateRequest, kindOf, type UpdateRequest } from "./update-request.ts";

/** A push: its commands are judged before a byte of it goes on, and one that is refused refuses all. */
export async function relayPush(exchange: Exchange, route: Route): Promise<Response> {
  if ((exchange.headers.get("content-encoding") ?? "identity") !== "identity") {
    throw new Refusal(415, "route", "A push is not taken compressed; git sends none so");
  }
  const reader: Reader = (exchange.body ?? new Blob([]).stream()).getReader();
  const parser = new UpdateRequestParser();
  const read = await readRequest(parser, reader);
  if (read instanceof WireError) {
    const message = `plugin policy: this push cannot be read: ${read.message}`;
    if (!canReport(parser)) {
      throw new Refusal(400, "wire", message, { cause: read });
    }
    exchange.note({ decision: "deny", rule: "wire", message });
    await drop(reader);
    return reportUnreadable(parser, message);
  }
  const { request, rest } = read;
  if (request.commands.length === 0) {
    return await relayTrial(exchange, route, reader, rest);
  }
  const verdicts = judgePush(exchange.config, request);
  exchange.note({ refs: request.commands.map((command) => `${kindOf(command)} ${command.ref}`).slice(0, MAX_LOGGED) });
  if (verdicts.some(({ kind }) => kind === "refuse")) {
    await drop(reader);
    return refusePush(exchange, request, verdicts);
  }
  if (verdicts.every(({ kind }) => kind === "pass")) {
    return await sendPush(exchange, route, request, { rest, reader });
  }
  await using spool = await Spool.fill(rest, reader);
  const proved = await prove(exchange, route, request, verdicts, spool);
  if (proved.some(({ kind }) => kind === "refuse")) {
    return refusePush(exchange, request, proved);
  }
  return await sendPush(exchange, route, request, { rest: new Uint8Array(0), reader: spool.reader() });
}

/** The request as it was understood, and behind it the pack. */
async function sendPush(
  exchange: Exchange,
  route: Route,
  request: UpdateRequest,
  { rest, reader }: { readonly rest: Uint8Array; readonly reader: Reader },
): Promise<Response> {
  exchange.note({ decision: "allow" });
  const { body, headers } = await exchange.ask({
    ...upstreamPush(exchange, route),
    body: await pushBody(encodeUpdateRequest(request), rest, reader),
  });
  return new Response(body, { headers: { ...headers, "cache-control": "no-store" } });
}

/** The verdicts, with those settled that depend on what the pack has in it. */
async function prove(
  exchange: Exchange,
  { repository }: Route,
  { commands }: UpdateRequest,
  verdicts: readonly Verdict[],
  spool: Spool,
): Promise<Verdict[]> {
  const asked = commands.filter((_command, index) => verdicts[index]?.kind === "fast-forward");
  const mirror = await Mirror.fetched(exchange, repository, commands[0]?.after.length ?? 0);
  exchange.moved();
  const proved = await mirror.fastForwards(asked, spool.file);
  return verdicts.map((verdict, index) => {
    const command = commands[index];
    return verdict.kind === "fast-forward" && (command === undefined || !proved.has(command))
      ? NO_FAST_FORWARD
      : verdict;
  });
}

const NO_FAST_FORWARD: Verdict = {
  kind: "refuse",
  rule: "verify_fast_forward",
  reason:
    "this is no fast-forward of what is there, which broker.verify_fast_forward wants; fetch, then merge or rebase",
};

const MAX_LOGGED = 20;

async function readRequest(
  parser: UpdateRequestParser,
  reader: Reader,
): Promise<{ request: UpdateRequest; rest: Uint8Array } | WireError> {
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
      return error;
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

/** git reads no answer before it has sent everything. */
async function drop(reader: Reader): Promise<void> {
  while (!(await reader.read()).done) {
    // What came is of no use.
  }
}

function refusePush(exchange: Exchange, request: UpdateRequest, verdicts: readonly Verdict[]): Response {
  const first = verdicts.find((verdict) => verdict.kind === "refuse");
  exchange.note({ decision: "deny", rule: first?.rule, message: first?.reason });
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
