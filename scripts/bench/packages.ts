import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import type { NpmRegistry } from "../../test/helpers/npm-registry.ts";

const LINES = 400;

/** The name of the package that all others come with. */
export const FIRST = "bench-0";

/**
 * Publishes so many packages, each of which depends on two others but for the last: a tree. They are real files of some
 * kilobytes, and go to the registry as npm sends them.
 */
export async function publishPackages(registry: NpmRegistry, folder: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const name = `bench-${index}`;
    const next = [2 * index + 1, 2 * index + 2].filter((other) => other < count);
    const dependencies = Object.fromEntries(next.map((other) => [`bench-${other}`, "^1.0.0"]));
    const manifest = { name, version: "1.0.0", main: "index.js", dependencies };
    const answer = await registry.ask(name, publication(registry, manifest, pack(folder, manifest, index)));
    if (!answer.ok) {
      throw new Error(`Cannot publish ${name}: the registry answered ${answer.status}: ${await answer.text()}`);
    }
  }
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/** A package as npm packs one. */
function pack(folder: string, manifest: Manifest, seed: number): Buffer {
  mkdirSync(`${folder}/package`, { recursive: true });
  writeFileSync(`${folder}/package/package.json`, JSON.stringify(manifest, undefined, 2));
  writeFileSync(`${folder}/package/README.md`, `# ${manifest.name}\n`);
  const lines = Array.from({ length: LINES }, (_, line) => `exports.value${line} = ${seed * LINES + line};`);
  writeFileSync(`${folder}/package/index.js`, `${lines.join("\n")}\n`);
  const packed = Bun.spawnSync(["tar", "-czf", `${folder}/package.tgz`, "-C", folder, "package"]);
  if (!packed.success) {
    throw new Error(`Cannot pack ${manifest.name}: tar exited with ${packed.exitCode}`);
  }
  const bytes = readFileSync(`${folder}/package.tgz`);
  rmSync(folder, { recursive: true });
  return bytes;
}

/** The document that `npm publish` sends. */
function publication(registry: NpmRegistry, manifest: Manifest, bytes: Buffer): unknown {
  const { name, version } = manifest;
  const file = `${name}-${version}.tgz`;
  const sum = (algorithm: "sha1" | "sha512", encoding: "hex" | "base64"): string =>
    new Bun.CryptoHasher(algorithm).update(bytes).digest(encoding);
  const dist = {
    integrity: `sha512-${sum("sha512", "base64")}`,
    shasum: sum("sha1", "hex"),
    tarball: `${registry.url}${name}/-/${file}`,
  };
  return {
    _id: name,
    name,
    "dist-tags": { latest: version },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist } },
    _attachments: {
      [file]: { content_type: "application/octet-stream", data: bytes.toString("base64"), length: bytes.length },
    },
  };
}
