/** What a command printed, and until when it is good. */
export interface Minted {
  readonly secret: string;
  /** Since the epoch. */
  readonly untilMs: number;
}

/** A command that takes longer than this has failed. */
const COMMAND_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** A token is renewed so long before it ends, for requests that are under way then. */
const MARGIN_MS = 60_000;

/**
 * Runs a command that prints a secret: a line of text, or JSON with `token` and `expires_at` (a date of ISO 8601), which
 * is what services answer that give out tokens for an hour. What it writes to stderr is dropped, for it may repeat it.
 *
 * @throws {Error} with the reason, in words that say nothing of what was printed
 */
export async function runCommand(command: readonly string[], cacheMs: number): Promise<Minted> {
  const startedMs = Date.now();
  const child = spawn(command);
  const timer = setTimeout(() => child.kill("SIGKILL"), COMMAND_MS);
  try {
    const output = await readOutput(child.stdout);
    const status = await child.exited;
    if (child.signalCode !== null) {
      throw new Error(
        `it was ended by ${child.signalCode}${Date.now() - startedMs >= COMMAND_MS ? ", after 30s" : ""}`,
      );
    }
    if (status !== 0) {
      throw new Error(`it ended with status ${status}`);
    }
    return readMinted(output, startedMs + cacheMs);
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}

function spawn(command: readonly string[]): Bun.Subprocess<"ignore", "pipe", "ignore"> {
  try {
    return Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  } catch (error) {
    throw new Error(`it cannot be started (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`, {
      cause: error,
    });
  }
}

async function readOutput(stream: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_OUTPUT_BYTES) {
      throw new Error("it printed more than 64 KiB");
    }
  }
  return Buffer.concat(chunks).toString("latin1").trim();
}

function readMinted(output: string, untilMs: number): Minted {
  if (!output.startsWith("{")) {
    return { secret: output, untilMs };
  }
  let read: { readonly token?: unknown; readonly expires_at?: unknown };
  try {
    read = JSON.parse(output) as typeof read;
  } catch {
    // The parser's own message would quote what it read.
    throw withoutCause("what it printed begins like JSON and is none");
  }
  const expiryMs = typeof read.expires_at === "string" ? Date.parse(read.expires_at) : Number.NaN;
  if (typeof read.token !== "string") {
    throw new Error("what it printed has no token");
  }
  return { secret: read.token, untilMs: Number.isNaN(expiryMs) ? untilMs : expiryMs - MARGIN_MS };
}

function withoutCause(message: string): Error {
  return new Error(message);
}
