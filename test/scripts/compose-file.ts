import { resolve } from "node:path";
import { parse } from "yaml";

/** A mount in the long form, the only one that our files use. */
export interface Mount {
  type: string;
  source: string;
  target: string;
  read_only?: boolean;
  bind?: { create_host_path?: boolean };
}

/** What the tests ask of a service, with what it takes over from others. */
export interface Service {
  image?: string;
  pull_policy?: string;
  build?: { context?: string; dockerfile?: string; target?: string; args?: Record<string, string | null> };
  user?: string;
  working_dir?: string;
  environment?: Record<string, string | null>;
  depends_on?: Record<string, { condition: string }>;
  profiles?: string[];
  networks?: string[];
  network_mode?: string;
  privileged?: boolean;
  ports?: unknown[];
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  init?: boolean;
  restart?: string;
  tmpfs?: string[];
  volumes?: Mount[];
  pids_limit?: number;
  mem_limit?: string;
  stop_grace_period?: string;
  extends?: { file?: string; service: string };
}

interface ComposeFile {
  services: Record<string, Service>;
  networks?: Record<string, unknown>;
  volumes?: Record<string, { driver_opts?: Record<string, string> } | null>;
}

const top = resolve(import.meta.dir, "../..");

export async function readComposeFile(path: string): Promise<ComposeFile> {
  return parse(await Bun.file(resolve(top, path)).text()) as ComposeFile;
}

/** The services of `path`, each with what `extends` brings, from files that are named from the checkout. */
export async function servicesOf(path: string): Promise<Record<string, Service>> {
  const { services } = await readComposeFile(path);
  const found: Record<string, Service> = {};
  for (const [name, service] of Object.entries(services)) {
    found[name] = await extended(service, path);
  }
  return found;
}

async function extended(service: Service, path: string): Promise<Service> {
  const { extends: base, ...own } = service;
  if (base === undefined) {
    return own;
  }
  const file = base.file ?? path;
  const parent = (await readComposeFile(file)).services[base.service];
  if (parent === undefined) {
    throw new Error(`${file} has no service "${base.service}"`);
  }
  return merge(await extended(parent, file), own) as Service;
}

/** As Compose merges: maps by key, lists one after the other, of mounts with one target the last. */
export function merge(base: unknown, over: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(over)) {
    const items: unknown[] = [...base, ...over];
    return items.filter((item, index) => items.findLastIndex((other) => place(other) === place(item)) === index);
  }
  if (isMap(base) && isMap(over)) {
    const merged: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(over)) {
      merged[key] = key in base ? merge(base[key], value) : value;
    }
    return merged;
  }
  return over;
}

function place(item: unknown): unknown {
  return isMap(item) && "target" in item ? item["target"] : item;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
