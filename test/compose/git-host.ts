import { chmod, copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

import { Authority } from "../helpers/authority.ts";
import { waitFor } from "../helpers/wait-for.ts";
import type { Installation } from "./installation.ts";

/**
 * A host of repositories, git.test, in a container: `git http-backend` behind TLS with a private CA and a token. It has
 * `acme/thing.git` with the branches main and feature, and `other/thing.git`, which nobody is allowed.
 */
export class GitHost implements AsyncDisposable {
  static readonly host = "git.test";
  readonly token = "CANARY-token-0123456789";
  readonly folder: string;
  readonly authority: Authority;
  readonly #home: Installation;
  #container = "";
  #serve: readonly string[] = [];

  private constructor(folder: string, authority: Authority, home: Installation) {
    this.folder = folder;
    this.authority = authority;
    this.#home = home;
  }

  /** Of the image that this home has for git, so after it was built; on no network that anybody else is on. */
  static async run(home: Installation, image: string): Promise<GitHost> {
    const folder = await mkdtemp(`${tmpdir()}/git-host-`);
    const host = new GitHost(folder, await Authority.create(), home);
    const { cert, key } = await host.authority.issue(`DNS:${GitHost.host}`);
    await mkdir(`${folder}/root/acme`, { recursive: true });
    await mkdir(`${folder}/root/other`);
    await Promise.all([
      copyFile(cert, `${folder}/cert.pem`),
      copyFile(key, `${folder}/key.pem`),
      copyFile(process.execPath, `${folder}/bun`),
      chmod(folder, 0o755),
    ]);
    const mounts = ["--volume", `${folder}:/host`, "--volume", `${resolve(import.meta.dir, "../helpers")}:/helpers:ro`];
    const paths = ["/host/root", "/host/cert.pem", "/host/key.pem"];
    host.#serve = ["/host/bun", "/helpers/git-server-main.ts", ...paths, host.token];
    // An image that compose has built says of which project and service it is.
    const labels = ["project", "service"].flatMap((name) => ["--label", `com.docker.compose.${name}=`]);
    const options = ["--detach", "--init", "--no-healthcheck", "--user", "0:0", ...labels, ...mounts, image];
    host.#container = (await home.docker("run", ...options, "sleep", "infinity")).trim();
    await host.sh(SETUP);
    await host.start();
    return host;
  }

  async join(network: string): Promise<void> {
    await this.#home.docker("network", "connect", "--alias", GitHost.host, network, this.#container);
  }

  /** The server alone: the name of the host stays. */
  async stop(): Promise<void> {
    await this.sh("kill $(cat pid)");
    await waitFor("git.test listens no more", async () => (await this.sh(LISTENS)) === "", 30_000);
  }

  async start(): Promise<void> {
    const run = ["sh", "-c", 'echo $$ >/host/pid; exec "$@"', "sh", ...this.#serve];
    await this.#home.docker("exec", "--detach", this.#container, ...run);
    await waitFor("git.test listens", async () => (await this.sh(LISTENS)) !== "", 30_000);
  }

  async addressOn(network: string): Promise<string> {
    const format = `{{with index .NetworkSettings.Networks "${network}"}}{{.IPAddress}}{{end}}`;
    return (await this.#home.docker("inspect", "-f", format, this.#container)).trim();
  }

  /** Runs a script beside the server. */
  async sh(script: string): Promise<string> {
    return (await this.#home.docker("exec", "--workdir", "/host", this.#container, "sh", "-euc", script)).trim();
  }

  /** The commit of a ref; empty when it has none. */
  async at(ref: string): Promise<string> {
    return await this.sh(`git -C root/acme/thing.git rev-parse -q --verify ${ref} || true`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#home.docker("rm", "--force", this.#container);
    await this.authority[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Port 443 in a state of listening. */
const LISTENS = "grep ':01BB .* 0A ' /proc/net/tcp /proc/net/tcp6 || true";

const SETUP = `
git config --global user.name A; git config --global user.email a@example.org
git config --global safe.directory "*"
git init -q -b main w; cd w
for n in 1 2 3; do echo $n >file; git add .; git commit -qm "c$n"; done
cd ..; git clone -q --bare w root/acme/thing.git
git -C root/acme/thing.git config http.receivepack true
git -C root/acme/thing.git branch feature main~1
cp -r root/acme/thing.git root/other/
`;
