import { statSync } from "node:fs";
import { dirname } from "node:path";
import { MAX_WORD_CHARS } from "../policy/approval.ts";
import { escapeControl } from "../policy/printable.ts";
import type { Approvals } from "./approvals.ts";
import { VERDICTS, type Answer } from "./question.ts";
import { claimSocketPath } from "./socket-path.ts";

/** An approver who hears nothing for so long asks again. */
const POLL_MS = 20_000;
/** Longer than that: whoever waits is silent. */
const IDLE_S = 60;
const MAX_BODY_BYTES = 4096;
const MAX_NAME_CHARS = 64;
const SOCKET_UMASK = 0o177;

/**
 * The socket where people answer: HTTP, `GET /pending` and `POST /answer`. Whoever reaches it decides, so it lies in a
 * folder that nobody else may enter: not the agent, and not the tool, which is the agent's code too.
 */
export class ApprovalsDoor {
  #approvals: Approvals | undefined;
  #server: Bun.Server<undefined> | undefined;

  /**
   * Listens at `path`. A daemon that acts for somebody else opens it before it does: the socket is to be its own.
   *
   * @throws {SocketPathError} when it cannot, and Error when others may enter the folder
   */
  static async open(path: string): Promise<ApprovalsDoor> {
    refuseShared(dirname(path));
    const door = new ApprovalsDoor();
    door.#server = await claimSocketPath(path, (beside) => {
      const umask = process.umask(SOCKET_UMASK);
      try {
        return Bun.serve({
          unix: beside,
          maxRequestBodySize: MAX_BODY_BYTES,
          development: false,
          fetch: async (request, server) => {
            server.timeout(request, IDLE_S);
            return await door.#answer(request);
          },
        });
      } finally {
        process.umask(umask);
      }
    });
    return door;
  }

  /** From now on, what is asked and answered here is about these. */
  serve(approvals: Approvals): void {
    this.#approvals = approvals;
  }

  async close(): Promise<void> {
    await this.#server?.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    const approvals = this.#approvals;
    if (approvals === undefined) {
      return Response.json({ error: "The plugin is starting; try again" }, { status: 503 });
    }
    const { pathname, searchParams } = new URL(request.url);
    const asked = `${request.method} ${pathname}`;
    if (asked === "GET /pending") {
      const after = searchParams.get("after");
      if (after !== null) {
        await approvals.changesAfter(Number(after), AbortSignal.any([request.signal, AbortSignal.timeout(POLL_MS)]));
      }
      return Response.json(approvals.state());
    }
    if (asked === "POST /answer") {
      const read = readAnswer(await request.json().catch(() => undefined));
      return typeof read === "string"
        ? Response.json({ error: read }, { status: 400 })
        : Response.json(await approvals.answer(read.id, read.answer));
    }
    return Response.json({ error: "There are GET /pending and POST /answer" }, { status: 404 });
  }
}

/** Mode and owner of the folder are all that keeps others out. */
function refuseShared(folder: string): void {
  const { uid, mode } = statSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    const found = `it belongs to uid ${uid} and has the mode 0${(mode & 0o777).toString(8)}`;
    throw Object.assign(new Error(`"${folder}" is open to others: ${found}; make it 0700 and this user's own`), {
      code: "folder_open",
    });
  }
}

function readAnswer(body: unknown): { readonly id: string; readonly answer: Answer } | string {
  const { id, verdict, by, word = "" } = new Object(body) as Readonly<Record<string, unknown>>;
  const known = VERDICTS.find((candidate) => candidate === verdict);
  if (typeof id !== "string" || known === undefined || typeof by !== "string" || typeof word !== "string") {
    return `Cannot read the answer: it is JSON with id, by, word (each text) and verdict (${VERDICTS.join(", ")})`;
  }
  const name = escapeControl(by.trim());
  if (name === "" || name.length > MAX_NAME_CHARS) {
    return `Cannot take the answer: by, who gives it, has 1 to ${MAX_NAME_CHARS} characters`;
  }
  const said = escapeControl(word.trim());
  return said.length > MAX_WORD_CHARS
    ? `Cannot take the answer: its word has ${said.length} characters, at most ${MAX_WORD_CHARS} are taken`
    : { id, answer: { verdict: known, by: name, word: said } };
}
