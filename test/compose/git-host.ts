import { copyFile, mkdir } from "node:fs/promises";
import { resolve } from "node:path";

import type { Installation } from "./installation.ts";
import { TlsHost } from "./tls-host.ts";

/**
 * A host of repositories, git.test, in a container: `git http-backend` behind TLS with a private CA and a token. It has
 * `acme/thing.git` with the branches main and feature, and `other/thing.git`, which nobody is allowed.
 */
export class GitHost implements AsyncDisposable {
  readonly token = "CANARY-token-0123456789";
  readonly server: TlsHost;

  private constructor(server: TlsHost) {
    this.server = server;
  }

  /** Of the image that this home has for git, so after it was built. */
  static async run(home: Installation, image: string): Promise<GitHost> {
    const options = ["--volume", `${resolve(import.meta.dir, "../helpers")}:/helpers:ro`];
    const host = new GitHost(await TlsHost.run(home, { name: "git.test", image, options }));
    const { folder } = host.server;
    await mkdir(`${folder}/root/acme`, { recursive: true });
    await mkdir(`${folder}/root/other`);
    await copyFile(process.execPath, `${folder}/bun`);
    await host.server.sh(SETUP);
    await host.start();
    return host;
  }

  async start(): Promise<void> {
    const paths = ["/host/root", "/host/cert.pem", "/host/key.pem"];
    await this.server.serve(["/host/bun", "/helpers/git-server-main.ts", ...paths, this.token]);
  }

  /** The commit of a ref; empty when it has none. */
  async at(ref: string): Promise<string> {
    return await this.server.sh(`git -C root/acme/thing.git rev-parse -q --verify ${ref} || true`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

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
