import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";

import { npmEnvironment } from "../../plugins/npm/environment.ts";
import { loadConfig } from "../../src/policy/load.ts";
import { startBroker, type BrokerProcess } from "./broker.ts";
import { NPM_PATH, NpmRegistry } from "./npm-registry.ts";
import { run, type Outcome } from "./run.ts";

/** Keys of `broker` follow; {url} and {host} stand for the registry's. */
export const HEAD = `plugin: npm
credentials: { "{host}": { file: "{secrets}/token" } }
`;
export const READING: string = `${HEAD}broker: { registries: { default: "{url}" } }\n`;

/** A real registry with a broker in front of it, and projects in which npm has no credential and asks the broker. */
export class NpmHost implements AsyncDisposable {
  readonly folder: string;
  readonly registry: NpmRegistry;
  readonly broker: BrokerProcess;

  private constructor(folder: string, registry: NpmRegistry, broker: BrokerProcess) {
    this.folder = folder;
    this.registry = registry;
    this.broker = broker;
  }

  static async start(verdaccio: string, config: string = READING): Promise<NpmHost> {
    const registry = await NpmRegistry.start(verdaccio);
    const folder = await mkdtemp(`${tmpdir()}/npm-host-`);
    const broker = await startBroker(filled(config, registry), { token: registry.token });
    return new NpmHost(folder, registry, broker);
  }

  async edit(config: string): Promise<void> {
    await this.broker.edit(filled(config, this.registry));
  }

  /** A folder with these files. */
  async project(name: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
    const folder = `${this.folder}/${name}`;
    await mkdir(folder, { recursive: true });
    await Promise.all(
      Object.entries(files).map(async ([file, content]) => await writeFile(`${folder}/${file}`, content)),
    );
    return folder;
  }

  /** Runs npm in a project, as the plugin runs it. */
  async npm(project: string, ...args: string[]): Promise<Outcome> {
    const config = loadConfig(this.broker.config);
    return await this.#run(project, args, npmEnvironment({ config, args, broker: this.broker, environment: {} }));
  }

  /** Runs npm in a project with the registry's own address and token. */
  async direct(project: string, ...args: string[]): Promise<Outcome> {
    return await this.#run(project, args, this.registry.direct());
  }

  async read(path: string): Promise<string> {
    return await readFile(`${this.folder}/${path}`, "utf8");
  }

  /** Each has a home of its own, and so a cache of its own. */
  async #run(project: string, args: string[], own: Readonly<Record<string, string>>): Promise<Outcome> {
    const home = `${this.folder}/home-${project}`;
    await mkdir(home, { recursive: true });
    const env = { PATH: NPM_PATH, HOME: home, npm_config_fund: "false", npm_config_fetch_retries: "0", ...own };
    return await run(["npm", ...args], `${this.folder}/${project}`, env);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function filled(config: string, { url, host }: NpmRegistry): string {
  return config.replaceAll("{url}", url).replaceAll("{host}", host);
}
