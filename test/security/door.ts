/** A shell that stays in a container and answers each line that it reads with one: an `exec` of the engine's costs more than most calls. */
export class Door {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #answers: AsyncIterator<string>;

  /** `script` is run for each line, which is in `$line`; `$1` and so on are `args`. It may print nothing. */
  constructor(container: string, user: string, script: string, args: readonly string[] = []) {
    const loop = `while IFS= read -r line; do ${script}\necho $?; done`;
    this.#child = Bun.spawn(["docker", "exec", "-i", "--user", user, container, "sh", "-c", loop, "sh", ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#answers = lines(this.#child.stdout);
  }

  /** The exit status of the script for this line. One after the other. */
  async ask(line: string): Promise<number> {
    await this.#child.stdin.write(`${line}\n`);
    await this.#child.stdin.flush();
    const { value } = await this.#answers.next();
    if (!/^\d+$/.test(String(value))) {
      throw new Error(`A shell in a container has ended, or says what it should not: ${value}`);
    }
    return Number(value);
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  return undefined;
}
