import { resolve } from "node:path";

import { waitFor } from "../helpers/wait-for.ts";

const FOLDER = resolve(import.meta.dir, "../fixtures/registry");
const IMAGE = "claude-container/test-registry:latest";

/** A registry of npm packages in a container, which has lodash and asks no other for what it lacks. */
export class Registry implements AsyncDisposable {
  /** Where it is found on the networks that it is on. */
  static readonly address = "http://registry:4873/";
  readonly #container: string;

  constructor(container: string) {
    this.#container = container;
  }

  static async start(): Promise<Registry> {
    const registry = new Registry(await docker("run", "--detach", "--rm", "--init", await buildRegistryImage()));
    // One that did not start lets the tests fail, and leaves nothing behind.
    await registry.#publish("lodash").catch(async (cause: unknown) => {
      await registry[Symbol.asyncDispose]();
      throw cause;
    });
    return registry;
  }

  async join(network: string): Promise<void> {
    await docker("network", "connect", "--alias", "registry", network, this.#container);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker("rm", "--force", this.#container);
  }

  /** One of the packages that the registry itself is made of. */
  async #publish(name: string): Promise<void> {
    const ask = [
      "exec",
      this.#container,
      "node",
      "-e",
      'fetch("http://127.0.0.1:4873/-/ping").catch(() => process.exit(1))',
    ];
    await waitFor(
      "the registry answers",
      async () =>
        await docker(...ask).then(
          () => true,
          () => false,
        ),
      60_000,
    );
    await docker("exec", this.#container, "npm", "publish", `./node_modules/${name}`);
  }
}

/** The name of an image with verdaccio in /registry, built, mostly from the engine's cache. */
export async function buildRegistryImage(): Promise<string> {
  await docker("build", "--quiet", "--tag", IMAGE, FOLDER);
  return IMAGE;
}

/** What docker prints. @throws Error with what it says when it fails */
async function docker(...args: readonly string[]): Promise<string> {
  const child = Bun.spawn(["docker", ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (status !== 0) {
    throw new Error(`docker ${args.join(" ")} ended with ${status}: ${stderr}`);
  }
  return stdout.trim();
}
