import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate with its key, both in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Vouches for the broker when it answers in the place of a host. One that is made anew at each start, whose key is in
 * this process alone: only the broker's own tool is told to believe it, and nobody else has a reason to.
 */
export class Authority {
  readonly #cert: string;
  readonly #key: string;
  /** Of all hosts: they are all this process. */
  readonly #hostKey: string;
  readonly #request: string;

  private constructor(cert: string, key: string, hostKey: string, request: string) {
    this.#cert = cert;
    this.#key = key;
    this.#hostKey = hostKey;
    this.#request = request;
  }

  /** Throws an Error that says what to do when openssl is not there, or cannot make one. */
  static async create(): Promise<Authority> {
    return await inFolder({ "openssl.cnf": CONFIG }, async (folder) => {
      const make = ["req", "-config", "openssl.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
      await openssl(folder, [...make, "-x509", "-days", DAYS, "-keyout", "ca.key", "-out", "ca.pem"]);
      // Of another name than who vouches for it: it would look as if it vouched for itself.
      await openssl(folder, [...make, "-new", "-subj", "/CN=host", "-keyout", "host.key", "-out", "host.csr"]);
      const made = ["ca.pem", "ca.key", "host.key", "host.csr"];
      const [cert = "", key = "", hostKey = "", request = ""] = await Promise.all(
        made.map(async (name) => await readFile(join(folder, name), "utf8")),
      );
      return new Authority(cert, key, hostKey, request);
    });
  }

  /** Writes down whom to believe, for the tool: all of it at once, for it may be read at any time. */
  async publish(file: string): Promise<void> {
    await writeFile(`${file}.new`, this.#cert);
    await rename(`${file}.new`, file);
  }

  /** A certificate for a host. `name` is a name or an address, without a port, in nothing but letters, digits, `.`, `-`. */
  async issue(name: string): Promise<Certificate> {
    const extensions = `subjectAltName=${isIP(name) === 0 ? "DNS" : "IP"}:${name}\nextendedKeyUsage=serverAuth\n`;
    const files = { "ca.pem": this.#cert, "ca.key": this.#key, "host.csr": this.#request, "host.ext": extensions };
    return await inFolder(files, async (folder) => {
      const serial = `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex")}`;
      const sign = ["x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", serial];
      await openssl(folder, [...sign, "-sha256", "-days", DAYS, "-extfile", "host.ext", "-out", "host.pem"]);
      return { cert: await readFile(join(folder, "host.pem"), "utf8"), key: this.#hostKey };
    });
  }
}

/** Longer than any broker runs. */
const DAYS = "3650";

const CONFIG = `
[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
CN = claude-container broker
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
`;

/** openssl works on files: in a folder that is this process's own and gone when it is done. */
async function inFolder<Made>(
  files: Readonly<Record<string, string>>,
  make: (folder: string) => Promise<Made>,
): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), "authority-"));
  try {
    await Promise.all(Object.entries(files).map(async ([name, text]) => await writeFile(join(folder, name), text)));
    return await make(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openssl(folder: string, args: readonly string[]): Promise<void> {
  let child;
  try {
    child = Bun.spawn(["openssl", ...args], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  } catch (cause) {
    throw new Error("The broker needs openssl, and there is none in PATH; install it", { cause });
  }
  const said = await child.stderr.text();
  if ((await child.exited) !== 0) {
    throw new Error(`openssl ${args[0]} failed: ${said.trim()}`);
  }
}
