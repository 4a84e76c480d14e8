import { PktLines, WireError } from "./pkt-line.ts";
import { isZero, type Command, type UpdateRequest } from "./update-request.ts";

/** Everything before the pack. */
export const MAX_REQUEST_BYTES = 65_536;

/**
 * Reads the beginning of a push. `push` it chunks until it returns the request; what follows is then in `rest`.
 * `end` must be called when the input ends before that.
 */
export class UpdateRequestParser {
  readonly #lines = new PktLines();
  readonly #shallow: string[] = [];
  readonly #commands: Command[] = [];
  readonly #pushOptions: string[] = [];
  #capabilities: readonly string[] = [];
  #isInOptions = false;
  #bytes = 0;

  /** @throws {WireError} when this is no push as the protocol has it, or one that is too large */
  push(chunk: Uint8Array): UpdateRequest | undefined {
    this.#lines.push(chunk);
    for (;;) {
      const line = this.#lines.next();
      if (line === undefined) {
        if (this.#bytes + this.#lines.rest().length > MAX_REQUEST_BYTES) {
          throw new WireError(TOO_LARGE);
        }
        return undefined;
      }
      this.#bytes += line === "flush" ? 4 : line.length + 4;
      if (this.#bytes > MAX_REQUEST_BYTES) {
        throw new WireError(TOO_LARGE);
      }
      if (line !== "flush") {
        this.#take(line);
      } else if (!this.#isInOptions && this.#capabilities.includes("push-options")) {
        this.#isInOptions = true;
      } else {
        return this.#done();
      }
    }
  }

  /** What came behind the request: the pack, or its beginning. */
  get rest(): Uint8Array {
    return this.#lines.rest();
  }

  /** What the tool said that it understands, as far as it has been read. */
  get capabilities(): readonly string[] {
    return this.#capabilities;
  }

  /** @throws {WireError} always: the input has ended too early */
  end(): never {
    throw new WireError("the request ends before its commands do");
  }

  #take(line: Uint8Array): void {
    if (this.#isInOptions) {
      this.#pushOptions.push(readPushOption(line));
      return;
    }
    const nul = line.indexOf(0);
    const isFirst = this.#commands.length === 0;
    const text = decode(nul < 0 ? chomp(line) : line.subarray(0, nul));
    if (isFirst && nul >= 0) {
      this.#capabilities = readCapabilities(decode(chomp(line.subarray(nul + 1))));
    }
    if (text.startsWith("push-cert")) {
      throw new WireError("signed pushes are not passed on; push without --signed");
    }
    if (nul < 0 && isFirst && text.startsWith("shallow ")) {
      this.#shallow.push(readId(text.slice("shallow ".length)));
      return;
    }
    if (isFirst !== nul >= 0) {
      throw new WireError(isFirst ? "the first command has no capabilities" : "a later command has capabilities");
    }
    this.#commands.push(readCommand(text));
  }

  #done(): UpdateRequest {
    const [first] = this.#commands;
    if (first === undefined && this.#shallow.length > 0) {
      throw new WireError("there are shallow lines and no commands");
    }
    const ids = [...this.#shallow, ...this.#commands.flatMap(({ before, after }) => [before, after])];
    if (ids.some((id) => id.length !== ids[0]?.length)) {
      throw new WireError("object ids of different lengths");
    }
    const format = this.#capabilities.find((name) => name.startsWith("object-format="));
    if (format !== undefined && format !== (ids[0]?.length === 64 ? "object-format=sha256" : "object-format=sha1")) {
      throw new WireError("the object format and the object ids do not go together");
    }
    return {
      shallow: this.#shallow,
      commands: this.#commands,
      capabilities: this.#capabilities,
      pushOptions: this.#pushOptions,
    };
  }
}

const TOO_LARGE = `more than ${MAX_REQUEST_BYTES / 1024} KiB before the pack; push fewer refs at a time`;

function readCommand(text: string): Command {
  const match = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^]+)$/.exec(text);
  const [, before = "", after = "", ref = ""] = match ?? [];
  if (match === null || (isZero(before) && isZero(after))) {
    throw new WireError("a command is not OLD NEW REF");
  }
  return { before, after, ref };
}

function readId(text: string): string {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)) {
    throw new WireError("a shallow line has no object id");
  }
  return text;
}

const KNOWN = ["report-status", "report-status-v2", "side-band-64k", "quiet", "atomic", "ofs-delta", "push-options"];
const KNOWN_WITH_VALUE = /^(?:object-format=sha(?:1|256)|agent=[\x21-\x7e]{1,256}|session-id=[\x21-\x7e]{1,256})$/;

/** One that is not known here is left out, so that the upstream does not act on it either. */
function readCapabilities(text: string): string[] {
  if (!/^[\x20-\x7e]*$/.test(text)) {
    throw new WireError("the capabilities are not text");
  }
  const known = text.split(" ").filter((name) => KNOWN.includes(name) || KNOWN_WITH_VALUE.test(name));
  return [...new Set(known)];
}

function readPushOption(line: Uint8Array): string {
  const option = decode(chomp(line));
  if (/[\u0000-\u001f\u007f]/.test(option)) {
    throw new WireError("a push option has control characters");
  }
  return option;
}

/** A line may end with a newline, which does not count. */
function chomp(line: Uint8Array): Uint8Array {
  return line.at(-1) === 0x0a ? line.subarray(0, -1) : line;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new WireError("a line is not UTF-8 text", { cause: error });
  }
}
