import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

/** A certificate with its key, both as files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of a test's own, in a folder that goes away with it. */
export class Authority implements AsyncDisposable {
  readonly folder: string;
  #count = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Authority> {
    const authority = new Authority(await mkdtemp(`${tmpdir()}/ca-`));
    const { folder } = authority;
    await openssl(
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=tests -keyout ${folder}/ca.key -out ${folder}/ca.pem`,
    );
    return authority;
  }

  /** What vouches for the certificates that it issues. */
  get file(): string {
    return `${this.folder}/ca.pem`;
  }

  /** `name` as in `IP:127.0.0.1` or `DNS:localhost`. */
  async issue(name: string): Promise<Certificate> {
    const base = `${this.folder}/${++this.#count}`;
    const { folder } = this;
    await Bun.write(`${base}.ext`, `subjectAltName=${name}\n`);
    await openssl(
      `req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server -keyout ${base}.key -out ${base}.csr`,
    );
    await openssl(
      `x509 -req -in ${base}.csr -CA ${folder}/ca.pem -CAkey ${folder}/ca.key -CAcreateserial -days 2 -extfile ${base}.ext -out ${base}.pem`,
    );
    return { cert: `${base}.pem`, key: `${base}.key` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function openssl(line: string): Promise<void> {
  const child = Bun.spawn(["openssl", ...line.split(" ")], { stdio: ["ignore", "ignore", "pipe"] });
  const said = await child.stderr.text();
  if ((await child.exited) !== 0) {
    throw new Error(`openssl ${line}\n${said}`);
  }
}
