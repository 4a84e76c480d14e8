import { mkdir, rm } from "node:fs/promises";

import { until } from "../home/until.ts";
import type { Home } from "../home/home.ts";
import { docker } from "./docker.ts";
import { readEnvironment, type Environment } from "./environment.ts";
import type { Services } from "./services.ts";

/**
 * Where the sockets can lie. A folder of the host, unless the engine runs in a machine of its own that shares folders
 * in a way that carries no sockets (Docker Desktop does): that is tried once, with the image of git's plugin.
 * CLAUDE_SOCKETS in the environment decides without trying.
 */
export async function chooseSockets(home: Home, services: Services): Promise<Environment["sockets"]> {
  const told = process.env["CLAUDE_SOCKETS"];
  if (told === "folder" || told === "volume") {
    return told;
  }
  const { sockets } = await readEnvironment(home);
  const image = services.plugins.get("git")?.image;
  const tried = Bun.file(`${home.run}/sockets`);
  if (image === undefined || (await isPlainLinux())) {
    return sockets;
  }
  if (await tried.exists()) {
    return (await tried.text()).trim() === "volume" ? "volume" : "folder";
  }
  const found = (await canBind(home, image)) ? "folder" : "volume";
  await Bun.write(tried, `${found}\n`);
  return found;
}

async function isPlainLinux(): Promise<boolean> {
  const { stdout } = await docker(["info", "--format", "{{.OperatingSystem}}"]);
  return process.platform === "linux" && !stdout.includes("Docker Desktop");
}

/**
 * Whether a plugin that listens in the shared folder answers from there. With the rules that came with it: the user's own
 * may name folders that are not there.
 */
export async function canBind(home: Home, image: string): Promise<boolean> {
  const folder = `${home.sockets}/.try`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mounts = [
    `type=bind,source=${folder},target=/run/plugins/git`,
    `type=bind,source=${home.folder}/bin/defaults,target=/etc/plugins,readonly`,
  ];
  const workspace = ["--env", "PLUGIN_WORKSPACE=/run/plugins/git"];
  const options = ["--detach", "--network", "none", ...workspace, ...mounts.flatMap((mount) => ["--mount", mount])];
  const { stdout, ok } = await docker(["run", ...options, image], TRY_MS);
  const id = stdout.trim();
  try {
    const ask = ["exec", id, "plugin-server", "health", "/run/plugins/git/git.sock"];
    return ok && (await until(async () => (await docker(ask)).ok, TRY_MS, POLL_MS));
  } finally {
    await docker(["rm", "-f", "-v", id]);
    await rm(folder, { recursive: true, force: true });
  }
}

const TRY_MS = 10_000;
const POLL_MS = 250;
