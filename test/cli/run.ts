import type { Subprocess } from "bun";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a finished plugin-server left behind. */
export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with config files, in which plugin-server is run as users run it: a process of its own. */
export interface Bench extends AsyncDisposable {
  readonly folder: string;
  run(...args: string[]): Promise<Finished>;
  /** Starts a plugin-server that goes on; `line` resolves to the first line of stderr that contains a text. */
  start(...args: string[]): { readonly child: Subprocess; readonly line: (text: string) => Promise<string> };
}

const MAIN = `${import.meta.dir}/../../plugins/main.ts`;

/** Writes `files` into a folder of their own, which goes away with the bench. */
export async function bench(files: Readonly<Record<string, string>> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "cli-"));
  await Promise.all(Object.entries(files).map(async ([name, text]) => Bun.write(join(folder, name), text)));
  const spawn = (args: readonly string[]): Subprocess<"ignore", "pipe", "pipe"> =>
    Bun.spawn([process.execPath, MAIN, ...args], {
      cwd: folder,
      env: { ...process.env, PLUGIN_WORKSPACE: folder },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  return {
    folder,
    run: async (...args) => {
      const child = spawn(args);
      const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      return { status, stdout, stderr };
    },
    start: (...args) => {
      const child = spawn(args);
      const lines = linesOf(child.stderr);
      return { child, line: async (text) => firstWith(lines, text) };
    },
    [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }),
  };
}

async function firstWith(lines: AsyncGenerator<string>, text: string): Promise<string> {
  const before: string[] = [];
  for (;;) {
    // Not a for-of loop, which would close the generator when it is left.
    const next = await lines.next();
    if (next.done === true) {
      throw new Error(`The output ended without "${text}":\n${before.join("\n")}`);
    }
    if (next.value.includes(text)) {
      return next.value;
    }
    before.push(next.value);
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
