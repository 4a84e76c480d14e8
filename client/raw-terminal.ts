import { makeRaw, readSettings, withDuplicate, writeSettings } from "./libc.ts";

/** The first argument of the guard, which is this program started once more. */
export const GUARD = "--guard-terminal";

const STDIN = 0;
// Not one of the first three: the runtime puts those back at its end as it found them, which is raw.
const TERMINAL = 3;

/**
 * The caller's terminal in raw mode, while the tool has a terminal of its own. A guard process waits beside us and puts
 * the caller's back when we are killed in a way that leaves us no time to.
 */
export class RawTerminal {
  readonly #settings: Uint8Array;
  readonly #raw: Uint8Array;
  readonly #guard: Bun.Subprocess;

  /** `keepsOutput` leaves the treatment of output alone, for others write to the terminal too. Undefined when stdin is no terminal. */
  static enter(keepsOutput: boolean): RawTerminal | undefined {
    const settings = readSettings(STDIN);
    return settings === undefined ? undefined : new RawTerminal(settings, makeRaw(settings, keepsOutput));
  }

  private constructor(settings: Uint8Array, raw: Uint8Array) {
    this.#settings = settings;
    this.#raw = raw;
    // In a session of its own: it survives what ends our group, and may set a terminal that does not control it.
    // Bun gives nobody our descriptor 0 as stdout, so it gets another one of the same terminal.
    this.#guard = withDuplicate(STDIN, (terminal) =>
      Bun.spawn([process.execPath, GUARD, settings.toHex(), raw.toHex()], {
        argv0: "plugin-client",
        stdio: ["pipe", "ignore", "ignore", terminal],
        detached: true,
      }),
    );
    writeSettings(STDIN, raw);
  }

  /** For as long as we are stopped. */
  suspend(): void {
    writeSettings(STDIN, this.#settings);
  }

  resume(): void {
    writeSettings(STDIN, this.#raw);
  }

  /** For good. */
  leave(): void {
    this.#guard.kill("SIGKILL");
    writeSettings(STDIN, this.#settings);
  }
}

/** The guard: waits for the client to vanish (its pipe ends), and restores what nobody else has restored by then. */
export async function guardTerminal(settings: string, raw: string): Promise<void> {
  await Bun.stdin.bytes();
  if (readSettings(TERMINAL)?.toHex() === raw) {
    writeSettings(TERMINAL, Uint8Array.fromHex(settings));
  }
}
