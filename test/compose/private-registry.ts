import { mkdir, writeFile } from "node:fs/promises";

import type { Installation } from "./installation.ts";
import { buildRegistryImage } from "./registry.ts";
import { TlsHost } from "./tls-host.ts";

/**
 * A registry of npm packages, npm.test, in a container: verdaccio behind TLS with a private CA, which lets in only who has
 * its token, and knows one advisory, against `@acme/weak`.
 */
export class PrivateRegistry implements AsyncDisposable {
  readonly server: TlsHost;
  #token = "";

  private constructor(server: TlsHost) {
    this.server = server;
  }

  static async run(home: Installation): Promise<PrivateRegistry> {
    const server = await TlsHost.run(home, { name: "npm.test", image: await buildRegistryImage() });
    const registry = new PrivateRegistry(server);
    await registry.#prepare().catch(async (cause: unknown) => {
      await server[Symbol.asyncDispose]();
      throw cause;
    });
    return registry;
  }

  async #prepare(): Promise<void> {
    const { folder } = this.server;
    await writeFile(`${folder}/config.yaml`, CONFIG);
    await writeFile(`${folder}/account.mjs`, ACCOUNT);
    await mkdir(`${folder}/plugins/verdaccio-advisories`, { recursive: true });
    await writeFile(`${folder}/plugins/verdaccio-advisories/index.js`, ADVISORIES);
    await this.start();
    this.#token = await this.server.sh("NODE_EXTRA_CA_CERTS=ca.pem node account.mjs");
    const npmrc = `cafile=/host/ca.pem\n//npm.test/:_authToken=${this.#token}\nregistry=https://npm.test/\n`;
    await writeFile(`${folder}/npmrc`, npmrc);
  }

  get token(): string {
    return this.#token;
  }

  async start(): Promise<void> {
    const verdaccio = "/registry/node_modules/.bin/verdaccio";
    await this.server.serve([verdaccio, "--config", "/host/config.yaml", "--listen", "https://0.0.0.0:443"]);
  }

  /** Runs npm beside the registry, with its token and past every broker, in a folder with these files. */
  async npm(folder: string, files: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
    const place = `${this.server.folder}/${folder}`;
    await mkdir(place, { recursive: true });
    await Promise.all(
      Object.entries(files).map(async ([name, content]) => await writeFile(`${place}/${name}`, content)),
    );
    return await this.server.sh(`cd ${folder}; npm --loglevel error --userconfig /host/npmrc ${args.join(" ")}`);
  }

  async publish(
    manifest: Readonly<Record<string, unknown>>,
    files: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const folder = `packages/${String(manifest["name"])}`;
    await this.npm(folder, { "package.json": JSON.stringify(manifest), ...files }, "publish");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

const CONFIG = `storage: /tmp/storage
plugins: /host/plugins
middlewares: { advisories: { enabled: true } }
auth: { htpasswd: { file: /tmp/htpasswd } }
https: { cert: /host/cert.pem, key: /host/key.pem }
packages: { "**": { access: $authenticated, publish: $authenticated } }
log: { type: stdout, format: pretty, level: warn }
web: { enable: false }
`;

const ACCOUNT = `const body = JSON.stringify({ name: "robot", password: "robot-password", email: "robot@example.org" });
const answer = await fetch("https://npm.test/-/user/org.couchdb.user:robot", {
  method: "PUT",
  headers: { "content-type": "application/json" },
  body,
});
console.log((await answer.json()).token);
`;

/** A plugin of verdaccio's, whose own would ask the public registry. */
const ADVISORIES = `module.exports = () => ({
  register_middlewares: (app) =>
    app.post("/-/npm/v1/security/advisories/bulk", (request, response) => {
      const weak = { id: 1, url: "https://example.org/1", title: "It is weak", severity: "high", vulnerable_versions: "*" };
      response.json("@acme/weak" in request.body ? { "@acme/weak": [weak] } : {});
    }),
});
`;
