import { closeSync, openSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import type { Workplace } from "./workplace.ts";

const READY_MS = 10_000;
const POLL_MS = 5;
const LONGEST_SOCKET_PATH = 107;

/** Names differ where several plugins of one tool run. */
export interface PluginOptions {
  readonly name: string;
  /** The text of its YAML. */
  readonly config: string;
}

/** What the kernel says of a process, in MiB. */
export interface Resident {
  readonly nowMib: number;
  readonly peakMib: number;
}

/** A running daemon. */
export class Plugin implements AsyncDisposable {
  readonly socket: string;
  readonly #process: Bun.Subprocess;
  readonly #place: Workplace;
  readonly #log: string;

  constructor(place: Workplace, name: string) {
    this.#place = place;
    this.socket = place.path(`${name}.sock`);
    this.#log = place.path(`${name}.log`);
    const log = openSync(this.#log, "w");
    this.#process = Bun.spawn([place.server, "serve", place.path(`${name}.yaml`), "--socket", this.socket], {
      cwd: "/",
      env: { ...place.env, PLUGIN_WORKSPACE: place.folder },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    place.running.add(this);
  }

  /** Resolves when it takes calls. */
  static async start(place: Workplace, { name, config }: PluginOptions): Promise<Plugin> {
    await Bun.write(place.path(`${name}.yaml`), config);
    const plugin = new Plugin(place, name);
    if (Buffer.byteLength(plugin.socket) > LONGEST_SOCKET_PATH) {
      throw new Error(
        `Cannot listen on "${plugin.socket}": longer than ${LONGEST_SOCKET_PATH} bytes; set TMPDIR to a shorter folder`,
      );
    }
    const end = performance.now() + READY_MS;
    while (!(await answers(plugin.socket))) {
      if (plugin.#process.exitCode !== null || performance.now() > end) {
        throw new Error(`Cannot start the ${name} plugin: ${readFileSync(plugin.#log, "utf8")}`);
      }
      await Bun.sleep(POLL_MS);
    }
    return plugin;
  }

  /** The command that runs its tool through the client. */
  command(tool: string, ...args: string[]): string[] {
    return [this.#place.client, this.socket, tool, ...args];
  }

  resident(): Resident {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    const mib = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
    return { nowMib: mib("VmRSS"), peakMib: mib("VmHWM") };
  }

  /** What its log says beyond plain information, each once. */
  complaints(): string[] {
    const lines = readFileSync(this.#log, "utf8").split("\n");
    const alarming = lines.filter((line) => /"level":"(warn|error)"/.test(line));
    const kinds = Map.groupBy(alarming, (line) => line.replace(/"time":"[^"]*",/, ""));
    return [...kinds].map(([kind, all]) => `${basename(this.#log)} has ${all.length} × \`${kind}\``);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.exited;
    this.#place.running.delete(this);
  }
}

async function answers(socket: string): Promise<boolean> {
  try {
    (await Bun.connect({ unix: socket, socket: { data: () => {} } })).terminate();
    return true;
  } catch {
    return false;
  }
}
