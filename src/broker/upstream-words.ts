import { clip } from "../policy/printable.ts";
import { redact } from "./redact.ts";

/** Type of an answer, without parameters. */
export function typeOf({ headers }: Response): string {
  return (headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

const MAX_WORDS_BYTES = 4096;
const MAX_WORDS_CHARS = 300;

/** What the upstream says for people, without these secrets in any of their spellings. */
export async function wordsOf(response: Response, secrets: readonly string[]): Promise<string> {
  let text = "";
  const type = typeOf(response);
  if (type === "text/plain" || type === "application/json") {
    try {
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString("latin1");
        if (text.length >= MAX_WORDS_BYTES) {
          break;
        }
      }
    } catch {
      // Then that is all that it said.
    }
  } else {
    await response.body?.cancel();
  }
  const bytes = Buffer.from(text, "latin1").toString("utf8");
  // Cut only after redaction: half a secret would not be found.
  const words = type === "application/json" ? fieldOf(bytes) : bytes;
  const safe = redact(words, secrets);
  return clip(safe.replaceAll(/\s+/g, " ").trim(), MAX_WORDS_CHARS);
}

/** The sentence in an object that is an error; empty when there is none. */
function fieldOf(json: string): string {
  try {
    const { error, message } = JSON.parse(json) as { readonly error?: unknown; readonly message?: unknown };
    return typeof error === "string" ? error : typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}

/** Where a redirect leads; undefined: nowhere that can be read. */
export function locationOf(response: Response, base: string): URL | undefined {
  try {
    return new URL(response.headers.get("location") ?? "", base);
  } catch {
    return undefined;
  }
}

/** Why there was no answer, in words. */
export function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  const known = code === undefined ? undefined : REASONS[code];
  if (known !== undefined) {
    return known;
  }
  return /CERT|TLS|SSL|SIGNATURE|ISSUER/.test(code ?? "")
    ? `its certificate is not trusted (${code}); name its CA in broker.hosts, ca_file`
    : clip(code ?? message, 80);
}

const REASONS: Readonly<Record<string, string>> = {
  ConnectionRefused: "nobody listens there",
  ECONNREFUSED: "nobody listens there",
  ENOTFOUND: "its name is unknown",
  EAI_AGAIN: "its name cannot be looked up now",
  ConnectionClosed: "it closed the connection",
  ECONNRESET: "it closed the connection",
  ENOENT: "the file in broker.hosts, ca_file, is not there",
};
