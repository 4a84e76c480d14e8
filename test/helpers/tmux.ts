import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { waitFor } from "./wait-for.ts";

/** Whether there is a tmux; a run without says so, once, where its tests are skipped. */
export const hasTmux: boolean = isThere("tmux", "the tests that need a terminal");

/** Whether `program` is installed; prints which tests are skipped where it is not. */
export function isThere(program: string, tests: string): boolean {
  const found = Bun.which(program) !== null;
  if (!found) {
    console.log(`${program} is not here: ${tests} are skipped`);
  }
  return found;
}

/** One terminal, in a tmux server of its own, with a shell in it. */
export class Terminal implements AsyncDisposable {
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #boundMs: number | undefined;

  constructor(folder: string, environment: Readonly<Record<string, string>>, boundMs?: number) {
    this.#folder = folder;
    this.#environment = environment;
    this.#boundMs = boundMs;
  }

  /** Opens a terminal of 80 by 24 that runs `command`. `boundMs` is for what takes longer to be shown than others. */
  static async open(
    command: string,
    cwd: string,
    env: Readonly<Record<string, string>>,
    boundMs?: number,
  ): Promise<Terminal> {
    const folder = await mkdtemp(`${tmpdir()}/tm-`);
    await writeFile(
      `${folder}/conf`,
      "set -g default-terminal tmux-256color\nset -g status off\nset -g remain-on-exit on\n",
    );
    const given = { HOME: folder, LANG: "C.UTF-8", TERM: "xterm-256color", ...env };
    const terminal = new Terminal(folder, given, boundMs);
    await terminal.tmux("-f", `${folder}/conf`, "new-session", "-d", "-x", "80", "-y", "24", "-c", cwd, command);
    const pid = (await terminal.tmux("display-message", "-p", "#{pane_pid}")).trim();
    // Until then it is tmux itself, which has yet to set the terminal.
    await waitFor("the command has been started", async () => {
      const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
      return !name.startsWith("tmux");
    });
    return terminal;
  }

  /** Types text; names of keys such as `Enter` and `C-c` are keys. */
  async press(...keys: string[]): Promise<void> {
    await this.tmux("send-keys", ...keys);
  }

  /** Types text as it is and presses Enter. */
  async type(text: string): Promise<void> {
    await this.tmux("send-keys", "-l", text);
    await this.press("Enter");
  }

  /** What it shows. */
  async screen(): Promise<string> {
    return await this.tmux("capture-pane", "-p");
  }

  /** Waits until it shows `text`, or something that matches it. */
  async shows(text: string | RegExp): Promise<string> {
    let screen = "";
    try {
      const isShown = async (): Promise<string | false> => {
        screen = await this.screen();
        return (typeof text === "string" ? screen.includes(text) : text.test(screen)) && screen;
      };
      return await waitFor(`the terminal shows ${text}`, isShown, this.#boundMs);
    } catch (cause) {
      throw new Error(`${(cause as Error).message}; it shows:\n${screen}`, { cause });
    }
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** The settings of the terminal, as `stty -g` prints them. */
  async settings(): Promise<string> {
    const device = (await this.tmux("display-message", "-p", "#{pane_tty}")).trim();
    const child = Bun.spawn(["stty", "-F", device, "-g"], { stdout: "pipe" });
    return await child.stdout.text();
  }

  /** Runs a tmux command and returns what it printed. */
  async tmux(...args: string[]): Promise<string> {
    const child = Bun.spawn(["tmux", "-S", `${this.#folder}/s`, ...args], {
      env: { PATH: process.env["PATH"] ?? "", ...this.#environment },
      stdio: ["ignore", Bun.file(`${this.#folder}/${(this.#count += 1)}`), "pipe"],
    });
    const name = `${this.#folder}/${this.#count}`;
    const stderr = await child.stderr.text();
    if ((await child.exited) !== 0) {
      throw new Error(`tmux ${args.join(" ")} failed: ${stderr}`);
    }
    return await readFile(name, "utf8");
  }

  #count = 0;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tmux("kill-server").catch(() => "");
    await rm(this.#folder, { recursive: true, force: true });
  }
}
