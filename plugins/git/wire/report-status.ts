import { clip } from "../../../src/policy/printable.ts";
import { FLUSH, MAX_LINE_BYTES, pktLine } from "./pkt-line.ts";
import type { UpdateRequest } from "./update-request.ts";

/** What to say of one ref that was not changed. */
export interface RefusedRef {
  readonly ref: string;
  readonly reason: string;
}

type Capable = Pick<UpdateRequest, "capabilities">;

/** Whether the tool can be told about single refs. */
export function canReport({ capabilities }: Capable): boolean {
  return capabilities.some((name) => name === "report-status" || name === "report-status-v2");
}

/**
 * The report of an upstream that has refused every ref, as gitprotocol-pack(5) has it, so that git prints
 * `! [remote rejected] main -> main (reason)`.
 */
export function reportRefused(request: Capable, refused: readonly RefusedRef[]): Response {
  const lines = refused.map(({ ref, reason }) =>
    pktLine(`ng ${ref} ${clip(`plugin policy: ${reason}`, MAX_REASON)}\n`),
  );
  return respond(request, [pktLine("unpack ok\n"), ...lines, FLUSH]);
}

/**
 * The report of an upstream that could not read a push: git prints `error: remote unpack failed: reason`. Of an answer
 * with another status than 200 it would show the number alone.
 */
export function reportUnreadable(request: Capable, reason: string): Response {
  return respond(request, [pktLine(`unpack ${clip(reason, MAX_REASON)}\n`), FLUSH]);
}

function respond({ capabilities }: Capable, lines: readonly Uint8Array[]): Response {
  const report = Buffer.concat(lines);
  const body = capabilities.includes("side-band-64k") ? Buffer.concat([...inBand(report), FLUSH]) : report;
  return new Response(body, {
    headers: { "content-type": "application/x-git-receive-pack-result", "cache-control": "no-store" },
  });
}

const MAX_REASON = 300;
const REPORT_BAND = 1;

function* inBand(report: Uint8Array): Generator<Uint8Array> {
  const most = MAX_LINE_BYTES - 5;
  for (let start = 0; start < report.length; start += most) {
    yield pktLine(Buffer.concat([Uint8Array.of(REPORT_BAND), report.subarray(start, start + most)]));
  }
}
