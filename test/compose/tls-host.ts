import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

import { Authority } from "../helpers/authority.ts";
import { waitFor } from "../helpers/wait-for.ts";
import type { Installation } from "./installation.ts";

/** What a container of a test's own is run with. */
export interface HostOptions {
  /** Its name on the networks that it joins. */
  readonly name: string;
  readonly image: string;
  /** More of `docker run`. */
  readonly options?: readonly string[];
}

/**
 * A host on port 443 in a container, with a certificate of a private CA, as `cert.pem` and `key.pem` in its folder, which
 * is /host there. It sleeps until it is told what to serve with, and is on no network that anybody else is on.
 */
export class TlsHost implements AsyncDisposable {
  readonly name: string;
  readonly folder: string;
  readonly authority: Authority;
  readonly #home: Installation;
  readonly #container: string;

  private constructor(name: string, folder: string, authority: Authority, home: Installation, container: string) {
    this.name = name;
    this.folder = folder;
    this.authority = authority;
    this.#home = home;
    this.#container = container;
  }

  static async run(home: Installation, { name, image, options = [] }: HostOptions): Promise<TlsHost> {
    const folder = await mkdtemp(`${tmpdir()}/${name}-`);
    const authority = await Authority.create();
    const { cert, key } = await authority.issue(`DNS:${name}`);
    await Promise.all([
      copyFile(authority.file, `${folder}/ca.pem`),
      copyFile(cert, `${folder}/cert.pem`),
      copyFile(key, `${folder}/key.pem`),
      chmod(folder, 0o755),
    ]);
    // An image that compose has built says of which project and service it is.
    const labels = ["project", "service"].flatMap((label) => ["--label", `com.docker.compose.${label}=`]);
    const mounts = ["--volume", `${folder}:/host`, ...options];
    const run = ["--detach", "--init", "--no-healthcheck", "--user", "0:0", "--add-host", `${name}:127.0.0.1`];
    const container = (await home.docker("run", ...run, ...labels, ...mounts, image, "sleep", "infinity")).trim();
    return new TlsHost(name, folder, authority, home, container);
  }

  async join(network: string): Promise<void> {
    await this.#home.docker("network", "connect", "--alias", this.name, network, this.#container);
  }

  /** Runs a program that listens on port 443. */
  async serve(command: readonly string[]): Promise<void> {
    const run = ["sh", "-c", 'echo $$ >/host/pid; exec "$@" >>/host/log 2>&1', "sh", ...command];
    await this.#home.docker("exec", "--detach", this.#container, ...run);
    await waitFor(`${this.name} listens`, async () => (await this.sh(LISTENS)) !== "", 60_000);
  }

  /** Ends that program: the name of the host stays. */
  async stop(): Promise<void> {
    await this.sh("kill $(cat pid)");
    await waitFor(`${this.name} listens no more`, async () => (await this.sh(LISTENS)) === "", 30_000);
  }

  async addressOn(network: string): Promise<string> {
    const format = `{{with index .NetworkSettings.Networks "${network}"}}{{.IPAddress}}{{end}}`;
    return (await this.#home.docker("inspect", "-f", format, this.#container)).trim();
  }

  /** Runs a script beside the server. */
  async sh(script: string): Promise<string> {
    return (await this.#home.docker("exec", "--workdir", "/host", this.#container, "sh", "-euc", script)).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#home.docker("rm", "--force", this.#container);
    await this.authority[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Port 443 in a state of listening. */
const LISTENS = "grep ':01BB .* 0A ' /proc/net/tcp /proc/net/tcp6 || true";
