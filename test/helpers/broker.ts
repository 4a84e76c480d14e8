import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";

import { brokerHealth } from "../../src/broker/ask-health.ts";
import type { BrokerHealth } from "../../src/broker/health.ts";
import { SERVER } from "./executables.ts";
import { end, residentKiB } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

/** One line of the broker's audit. */
export type Entry = Readonly<Record<string, unknown>>;

/** A running `plugin-server broker`, with a folder of its own that goes away with it. */
export class BrokerProcess implements AsyncDisposable {
  readonly folder: string;
  readonly #child: Bun.Subprocess;
  #url = "";

  constructor(folder: string, child: Bun.Subprocess) {
    this.folder = folder;
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get url(): string {
    return this.#url;
  }

  get config(): string {
    return `${this.folder}/git.yaml`;
  }

  /** Where it writes down whom git is to believe. */
  get caFile(): string {
    return `${this.folder}/broker-ca.pem`;
  }

  /** Folder for the secrets of its config, `{secrets}` in it. */
  get secrets(): string {
    return `${this.folder}/secrets`;
  }

  async log(): Promise<string> {
    return await readFile(`${this.folder}/log`, "utf8");
  }

  /** The audit lines so far. */
  async entries(): Promise<Entry[]> {
    const lines = (await this.log()).split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as Entry).filter(({ event }) => event === "request");
  }

  async health(): Promise<BrokerHealth> {
    return await brokerHealth(this.#url);
  }

  residentMiB(): number {
    return residentKiB(this.pid) / 1024;
  }

  /** Replaces the config, as an edit does. */
  async edit(config: string): Promise<void> {
    await writeFile(this.config, config.replaceAll("{secrets}", this.secrets));
  }

  async listens(): Promise<void> {
    this.#url = await waitFor("the broker listens", async () => {
      const log = await this.log();
      if (this.#child.exitCode !== null) {
        throw new Error(`The broker has ended:\n${log}`);
      }
      return /is ready at (\S+)/.exec(log)?.[1];
    });
  }

  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    return await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Starts a broker of this config, with these secrets as files. */
export async function startBroker(
  config: string,
  secrets: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<BrokerProcess> {
  const folder = await realpath(await mkdtemp(`${tmpdir()}/broker-`));
  await mkdir(`${folder}/secrets`, { mode: 0o700 });
  for (const [name, secret] of Object.entries(secrets)) {
    await writeFile(`${folder}/secrets/${name}`, `${secret}\n`, { mode: 0o600 });
  }
  await writeFile(`${folder}/git.yaml`, config.replaceAll("{secrets}", `${folder}/secrets`));
  const child = Bun.spawn([SERVER, "broker", `${folder}/git.yaml`, "--listen", "127.0.0.1:0"], {
    cwd: "/",
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: folder,
      TMPDIR: folder,
      PLUGIN_BROKER_CA: `${folder}/broker-ca.pem`,
      ...env,
    },
    stdio: ["ignore", "ignore", Bun.file(`${folder}/log`)],
  });
  const broker = new BrokerProcess(folder, child);
  await broker.listens();
  return broker;
}
