import type { Place } from "./places.ts";
import type { State } from "./question.ts";

/** Follows one plugin: `changed` gets its state whenever that is another, and undefined, once, when it has ended. */
export class Watcher {
  readonly place: Place;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "ignore">;

  constructor(place: Place, changed: (state: State | undefined) => void) {
    this.place = place;
    // It ends with its input, wherever it runs.
    this.#child = Bun.spawn(place.command("watch", "--json"), { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
    void follow(this.#child.stdout, changed).finally(() => changed(undefined));
  }

  stop(): void {
    void this.#child.stdin.end();
    this.#child.kill();
  }
}

async function follow(stream: ReadableStream<Uint8Array>, changed: (state: State) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const state = readState(line);
      if (state !== undefined) {
        changed(state);
      }
    }
  }
}

/** The plugin's own program prints this; a line that is something else is passed over. */
function readState(line: string): State | undefined {
  try {
    const read: unknown = JSON.parse(line);
    return typeof read === "object" && read !== null && "questions" in read ? (read as State) : undefined;
  } catch {
    return undefined;
  }
}
