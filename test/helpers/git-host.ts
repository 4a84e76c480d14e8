import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

import { gitEnvironment } from "../../plugins/git/environment.ts";
import type { Config } from "../../src/policy/config.ts";
import { loadConfig } from "../../src/policy/load.ts";
import { Authority } from "./authority.ts";
import { startBroker, type BrokerProcess } from "./broker.ts";
import { GitServer, type GitServerOptions } from "./git-server.ts";

/** What a command printed, and how it ended. */
export interface GitOutcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

export const TOKEN = "CANARY-token-0123456789";

/**
 * A host of repositories with TLS, a token and a private CA; a broker in front of it; and a folder in which git has no
 * credential and is pointed at the broker, as the plugin points it.
 */
export class GitHost implements AsyncDisposable {
  readonly folder: string;
  readonly server: GitServer;
  readonly broker: BrokerProcess;
  readonly #authority: Authority;
  /** As the file was when it last was sound: tests break it. */
  #config: Config | undefined;

  private constructor(folder: string, server: GitServer, broker: BrokerProcess, authority: Authority) {
    this.folder = folder;
    this.server = server;
    this.broker = broker;
    this.#authority = authority;
  }

  /** `config` is YAML, in which {host} and {ca} stand for the server's; without it acme's repositories are allowed. */
  static async start(
    config: string = ACME,
    options: Partial<GitServerOptions> = {},
    token: string = TOKEN,
  ): Promise<GitHost> {
    const authority = await Authority.create();
    const folder = await mkdtemp(`${tmpdir()}/git-host-`);
    await mkdir(`${folder}/root/acme`, { recursive: true });
    await mkdir(`${folder}/home`);
    const certificate = await authority.issue(`IP:${options.name ?? "127.0.0.1"}`);
    const server = new GitServer({ root: `${folder}/root`, token: TOKEN, certificate, ...options });
    const broker = await startBroker(filled(config, server, authority), { token });
    const host = new GitHost(folder, server, broker, authority);
    await host.sh(SETUP);
    return host;
  }

  get authority(): Authority {
    return this.#authority;
  }

  /** Address of a repository as a user writes it. */
  url(repository: string): string {
    return `${this.server.url}/${repository}`;
  }

  /** Asks the broker as a proxy for something at the host, as git does but without it. */
  async ask(path: string, init: BunFetchRequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("host", this.server.host);
    return await fetch(this.broker.url + path, { ...init, headers });
  }

  async edit(config: string): Promise<void> {
    await this.broker.edit(filled(config, this.server, this.#authority));
  }

  /** Runs git in `cwd` below the folder, as the plugin runs it. */
  async git(args: readonly string[], cwd = "w"): Promise<GitOutcome> {
    const config = this.#soundConfig();
    const own = gitEnvironment({ config, args, broker: this.broker, environment: {} });
    return await run(["git", ...args], `${this.folder}/${cwd}`, { ...this.#env(), ...own });
  }

  /** Runs a script directly, beside the broker: to prepare repositories and to look at them. */
  async sh(script: string): Promise<string> {
    const { stdout, stderr, status } = await run(["bash", "-euc", script], this.folder, this.#env());
    if (status !== 0) {
      throw new Error(`${script}\n${stderr}`);
    }
    return stdout.trim();
  }

  /** The commit of a ref at the host; empty when it has none. */
  async at(ref: string, repository = "acme/thing.git"): Promise<string> {
    return await this.sh(`git -C root/${repository} rev-parse -q --verify ${ref} || true`);
  }

  #soundConfig(): Config {
    try {
      this.#config = loadConfig(this.broker.config);
      return this.#config;
    } catch (error) {
      if (this.#config === undefined) {
        throw error;
      }
      return this.#config;
    }
  }

  #env(): Record<string, string> {
    return {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: `${this.folder}/home`,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.com",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.com",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
    this.server[Symbol.dispose]();
    await this.#authority[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Keys that every config needs to reach the server; more of `broker` can follow. */
export const HEAD = `plugin: git
credentials: { "{host}": { file: "{secrets}/token" } }
`;
export const HOSTS = 'hosts: { "{host}": { ca_file: "{ca}" } }';
export const ACME: string = `${HEAD}broker: { allowed_repos: ["{host}/acme/*"], ${HOSTS} }\n`;

// Main has three commits; the work tree w is a clone that only knows the address.
const SETUP = `
git init -q -b main w; cd w
for n in 1 2 3; do echo $n > file; git add .; git commit -qm "c$n"; done
cd ..; git clone -q --bare w root/acme/thing.git
git -C root/acme/thing.git config http.receivepack true
git -C root/acme/thing.git config uploadpack.allowFilter true
git -C root/acme/thing.git config receive.advertisePushOptions true
git -C root/acme/thing.git branch feature main~1
mkdir root/other; cp -r root/acme/thing.git root/other/thing.git
`;

function filled(config: string, server: GitServer, authority: Authority): string {
  return config.replaceAll("{host}", server.host).replaceAll("{ca}", authority.file);
}

async function run(command: string[], cwd: string, env: Record<string, string>): Promise<GitOutcome> {
  const child = Bun.spawn(command, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, status };
}
