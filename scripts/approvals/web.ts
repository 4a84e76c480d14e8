import { randomBytes, timingSafeEqual } from "node:crypto";

import type { Board } from "./board.ts";
import { endingOf, objectionOf, VERDICTS, type Answer } from "./question.ts";

/** A page that hears nothing for so long asks again. */
const POLL_MS = 20_000;
const MAX_BODY_BYTES = 4096;
const MAX_WORD_CHARS = 160;

/** Everything that the page is made of: it loads nothing from elsewhere. */
const FILES: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  "/": { name: "page.html", type: "text/html; charset=utf-8" },
  "/page.css": { name: "page.css", type: "text/css; charset=utf-8" },
  "/page.js": { name: "page.js", type: "text/javascript; charset=utf-8" },
};

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/**
 * The page of a board, on a port of this machine that the system chooses. The address has the key behind a #, which no
 * browser sends anywhere: the page reads it and puts it into a header of each request, where no other site's can be.
 */
export function servePage(board: Board, by: string): { readonly url: string; readonly stop: () => Promise<void> } {
  const key = randomBytes(32).toString("hex");
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    maxRequestBodySize: MAX_BODY_BYTES,
    // An error page would show what is inside.
    development: false,
    fetch: async (request) => {
      const response = await respond(request, `127.0.0.1:${server.port}`, key, board, by);
      for (const [name, value] of Object.entries(HEADERS)) {
        response.headers.set(name, value);
      }
      return response;
    },
  });
  return { url: `http://127.0.0.1:${server.port}/#${key}`, stop: async () => await server.stop(true) };
}

async function respond(request: Request, host: string, key: string, board: Board, by: string): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (!isFromHere(request, host)) {
    return refuse(403, "This page answers only to its own address");
  }
  const file = FILES[pathname];
  if (file !== undefined && request.method === "GET") {
    return new Response(Bun.file(`${import.meta.dir}/page/${file.name}`), { headers: { "Content-Type": file.type } });
  }
  if (!isKey(request.headers.get("Authorization"), key)) {
    return refuse(401, "The key is missing or wrong: take the whole address that run.sh approvals --web printed");
  }
  const asked = `${request.method} ${pathname}`;
  if (asked === "GET /questions") {
    const after = searchParams.get("after");
    if (after !== null) {
      await board.changesAfter(Number(after), AbortSignal.any([request.signal, AbortSignal.timeout(POLL_MS)]));
    }
    const { settled, ...state } = board.state();
    return Response.json({ ...state, by, nowMs: Date.now(), endings: settled.map((one) => [one.id, endingOf(one)]) });
  }
  if (asked === "POST /answer") {
    const read = readAnswer(await request.json().catch(() => undefined), by);
    if (read === undefined) {
      return refuse(
        400,
        `An answer is JSON with id, verdict (${VERDICTS.join(", ")}) and word, of at most ${MAX_WORD_CHARS} characters`,
      );
    }
    const objection = await board
      .answer(read.id, read.answer)
      .then(objectionOf)
      .catch((error: Error) => error.message);
    return Response.json({ objection: objection ?? null });
  }
  return refuse(404, "There is nothing here");
}

/**
 * A name that another site lets point to this machine comes with that name as Host (DNS rebinding); a request that
 * another site's page makes comes with its Origin, or says in Sec-Fetch-Site that it is not ours.
 */
function isFromHere({ headers, method }: Request, host: string): boolean {
  const origin = headers.get("Origin");
  const site = headers.get("Sec-Fetch-Site");
  const isOwn = origin === null ? method === "GET" : origin === `http://${host}`;
  return headers.get("Host") === host && isOwn && (site === null || site === "same-origin" || site === "none");
}

function isKey(authorization: string | null, key: string): boolean {
  const given = Buffer.from(authorization ?? "");
  const wanted = Buffer.from(`Bearer ${key}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function readAnswer(body: unknown, by: string): { readonly id: string; readonly answer: Answer } | undefined {
  const { id, verdict, word = "" } = new Object(body) as Readonly<Record<string, unknown>>;
  const known = VERDICTS.find((candidate) => candidate === verdict);
  const isRead = typeof id === "string" && typeof word === "string" && word.length <= MAX_WORD_CHARS;
  return known === undefined || !isRead ? undefined : { id, answer: { verdict: known, by: `${by} (page)`, word } };
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
