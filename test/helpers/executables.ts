import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** The two compiled executables: what users run, and so what these tests run. */
export const CLIENT: string = built("plugin-client");
export const SERVER: string = built("plugin-server");

/** The fake tools, each of one behaviour. */
export const FIXTURES: string = resolve(import.meta.dir, "../fixtures/bin");

/** A fake tool. */
export function fixture(name: string): string {
  return `${FIXTURES}/${name}`;
}

function built(name: string): string {
  const path = resolve(import.meta.dir, "../../dist", name);
  if (!existsSync(path)) {
    throw new Error(`Cannot find ${path}: run scripts/build.sh first`);
  }
  return path;
}
