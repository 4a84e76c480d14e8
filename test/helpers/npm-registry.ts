import { statSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

import type { Authority } from "./authority.ts";
import { run, type Outcome } from "./run.ts";
import { waitFor } from "./wait-for.ts";

const PACKAGE = resolve(import.meta.dir, "../fixtures/registry/package.json");
const INSTALL_MS = 180_000;

/** A folder with verdaccio in it; undefined, and a line that says so, where it cannot be had. */
export async function findVerdaccio(): Promise<string | undefined> {
  const { dependencies } = (await Bun.file(PACKAGE).json()) as { dependencies: { verdaccio: string } };
  const folder = `${tmpdir()}/test-registry-${dependencies.verdaccio}`;
  // Not what somebody else has put there.
  if (statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.()) {
    return folder;
  }
  // Made beside it, so that a folder of this name is always a whole one.
  const made = await mkdtemp(`${folder}-`);
  await cp(PACKAGE, `${made}/package.json`);
  const { status, stderr } = await run(
    ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"],
    made,
    {
      ...process.env,
      npm_config_update_notifier: "false",
    },
    INSTALL_MS,
  ).catch((error: unknown) => ({ status: 1, stderr: String(error) }));
  if (status !== 0) {
    await rm(made, { recursive: true, force: true });
    console.log(
      `verdaccio cannot be installed here: the tests of npm's broker with it are skipped\n${stderr.slice(-500)}`,
    );
    return undefined;
  }
  await rename(made, folder).catch(async () => rm(made, { recursive: true, force: true }));
  return folder;
}

/** A real registry that lets in only who has its token, in this process's care; with an authority, behind TLS. */
export class NpmRegistry implements AsyncDisposable {
  readonly folder: string;
  readonly host: string;
  readonly #authority: Authority | undefined;
  readonly #child: Bun.Subprocess;
  #token = "";

  private constructor(folder: string, host: string, child: Bun.Subprocess, authority?: Authority) {
    this.folder = folder;
    this.host = host;
    this.#authority = authority;
    this.#child = child;
  }

  static async start(verdaccio: string, authority?: Authority): Promise<NpmRegistry> {
    const folder = await mkdtemp(`${tmpdir()}/npm-registry-`);
    const certificate = await authority?.issue("IP:127.0.0.1");
    const tls = certificate === undefined ? "" : `https: ${JSON.stringify(certificate)}\n`;
    await writeFile(`${folder}/config.yaml`, `${CONFIG.replaceAll("{folder}", folder)}${tls}`);
    const probe = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const host = `127.0.0.1:${probe.port}`;
    await probe.stop(true);
    const listen = `${authority === undefined ? "http" : "https"}://${host}`;
    const entry = `${verdaccio}/node_modules/verdaccio/bin/verdaccio`;
    const child = Bun.spawn(
      [process.execPath, "--bun", entry, "--config", `${folder}/config.yaml`, "--listen", listen],
      {
        cwd: folder,
        env: { ...process.env, HOME: folder },
        stdio: ["ignore", Bun.file(`${folder}/log`), Bun.file(`${folder}/errors`)],
      },
    );
    const registry = new NpmRegistry(folder, host, child, authority);
    await waitFor(
      "the registry answers",
      async () =>
        await registry.ask("-/ping").then(
          ({ ok }) => ok,
          () => false,
        ),
      60_000,
    );
    const account = { name: "robot", password: "robot-password", email: "robot@example.org" };
    const answer = await registry.ask("-/user/org.couchdb.user:robot", account);
    registry.#token = ((await answer.json()) as { token: string }).token;
    return registry;
  }

  get url(): string {
    return `${this.#authority === undefined ? "http" : "https"}://${this.host}/`;
  }

  get token(): string {
    return this.#token;
  }

  /** What npm is given to ask the registry itself. */
  direct(): Record<string, string> {
    return {
      npm_config_registry: this.url,
      [`npm_config_//${this.host}/:_authToken`]: this.#token,
      ...(this.#authority === undefined ? {} : { npm_config_cafile: this.#authority.file }),
    };
  }

  /** Asks for a path, with the token once there is one; what `document` is, it is told. */
  async ask(path: string, document?: unknown): Promise<Response> {
    const own = this.#token === "" ? {} : { authorization: `Bearer ${this.#token}` };
    const told = { method: "PUT", headers: { ...own, "content-type": "application/json" } };
    return await fetch(`${this.url}${path}`, {
      ...(document === undefined ? { headers: own } : { ...told, body: JSON.stringify(document) }),
      ...(this.#authority === undefined ? {} : { tls: { ca: Bun.file(this.#authority.file) } }),
    });
  }

  /** Publishes a package, past every broker. */
  async publish(
    manifest: Readonly<Record<string, unknown>>,
    files: Readonly<Record<string, string | Uint8Array>> = {},
  ): Promise<void> {
    const folder = await mkdtemp(`${this.folder}/package-`);
    await mkdir(`${folder}/home`);
    await writeFile(`${folder}/package.json`, JSON.stringify({ files: Object.keys(files), ...manifest }));
    await Promise.all(
      Object.entries(files).map(async ([name, content]) => await writeFile(`${folder}/${name}`, content)),
    );
    const { status, stderr } = await run(["npm", "publish"], folder, {
      PATH: NPM_PATH,
      HOME: `${folder}/home`,
      ...this.direct(),
    });
    if (status !== 0) {
      throw new Error(stderr);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const NPM_PATH = "/usr/local/bin:/usr/bin:/bin";
export type { Outcome };

const CONFIG = `storage: {folder}/storage
auth: { htpasswd: { file: "{folder}/htpasswd", max_users: 10 } }
packages: { "**": { access: $authenticated, publish: $authenticated, unpublish: $authenticated } }
max_body_size: 60mb
log: { type: stdout, format: pretty, level: warn }
web: { enable: false }
`;
