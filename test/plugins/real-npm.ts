import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";

/** What npm would do: run this command, print something about itself, or refuse a word that it does not know. */
export type RealReading =
  | { readonly kind: "command"; readonly command: string }
  | { readonly kind: "prints" }
  | { readonly kind: "refused" };

/** An installed npm, asked in this process: its own list of commands and its own reader of options. */
export interface RealNpm {
  readonly version: string;
  readonly commands: readonly string[];
  readonly aliases: Readonly<Record<string, string>>;
  readonly options: readonly string[];
  readonly shorthands: readonly string[];
  /** The command of a word; undefined when npm knows none. */
  readonly deref: (word: string) => string | undefined;
  readonly read: (args: readonly string[]) => RealReading;
  /** What its reader of options makes of arguments: those that are none, and the options by their full names. */
  readonly parse: (args: readonly string[]) => {
    readonly words: readonly string[];
    readonly options: Readonly<Record<string, unknown>>;
  };
  /** What it takes a package argument for: names, and whether it would ask a registry. Undefined when it refuses it. */
  readonly packageOf: (spec: string) => { readonly names: readonly string[]; readonly isNamed: boolean } | undefined;
  /** The source of a command; undefined when this release has none by that name. */
  readonly sourceOf: (command: string) => string | undefined;
}

/**
 * The npm in PATH, and those in the folders that NPM_ROOTS names (joined by `:`), to try other releases: `npm pack
 * npm@9`, unpack it, name its folder. A run without any npm says so.
 */
export function realNpms(): RealNpm[] {
  const installed = Bun.which("npm");
  const roots = [
    ...(installed === null ? [] : [dirname(dirname(realpathSync(installed)))]),
    ...(process.env["NPM_ROOTS"] ?? "").split(":").filter((root) => root !== ""),
  ].filter((root) => existsSync(`${root}/lib/utils/cmd-list.js`));
  if (roots.length === 0) {
    console.log("npm is not here: the tests that compare with the real npm are skipped");
  }
  return roots.map(load);
}

interface Nopt {
  (
    types: object,
    shorthands: object,
    args: string[],
    slice: number,
  ): Record<string, unknown> & {
    argv: { remain: string[] };
  };
  invalidHandler: unknown;
}

interface CommandList {
  readonly commands: readonly string[];
  readonly plumbing?: readonly string[];
  readonly aliases: Readonly<Record<string, string>>;
  readonly deref?: (word: string) => string | undefined;
}

interface PackageSpec {
  readonly type: string;
  readonly name: string | null;
  readonly registry?: boolean;
  readonly subSpec?: PackageSpec;
}

interface Definitions {
  readonly definitions: Readonly<Record<string, { readonly type: unknown }>>;
  readonly shorthands: Readonly<Record<string, readonly string[]>>;
}

function load(root: string): RealNpm {
  const from = createRequire(`${root}/lib/npm.js`);
  const nopt = from("nopt") as Nopt;
  nopt.invalidHandler = false;
  from("@npmcli/config/lib/type-defs.js");
  const place = `${root}/lib/utils/config/index.js`;
  const { definitions, shorthands } = from(existsSync(place) ? place : "@npmcli/config/lib/definitions") as Definitions;
  const list = from(`${root}/lib/utils/cmd-list.js`) as CommandList;
  const deref = list.deref ?? npm90(from, list);
  const types = Object.fromEntries(Object.entries(definitions).map(([name, { type }]) => [name, type]));
  // Before the first call: older readers of options keep something of theirs in this object.
  const shorthandNames = Object.keys(shorthands);
  const known = new Set([...list.commands, ...(list.plumbing ?? [])]);
  const read = (args: readonly string[]): RealReading => {
    const { argv, version, versions, usage } = nopt(types, shorthands, [...args], 0);
    const [word] = argv.remain;
    if (version === true || versions === true || word === undefined || word === "") {
      return { kind: "prints" };
    }
    const command = deref(word);
    if (command === undefined || !known.has(command)) {
      return { kind: "refused" };
    }
    return usage === true ? { kind: "prints" } : { kind: "command", command: canonical(command) };
  };
  return {
    version: (from(`${root}/package.json`) as { version: string }).version,
    commands: [...known].map(canonical),
    aliases: list.aliases,
    options: Object.keys(definitions),
    shorthands: shorthandNames,
    deref: (word) => {
      const command = deref(word);
      return command === undefined || !known.has(command) ? undefined : canonical(command);
    },
    read,
    parse: (args) => {
      const { argv, ...options } = nopt(types, shorthands, [...args], 0);
      return { words: argv.remain, options };
    },
    packageOf: (spec) => packageOf(from, spec),
    sourceOf: (command) => {
      const file = `${root}/lib/commands/${command}.js`;
      return existsSync(file) ? readFileSync(file, "utf8") : undefined;
    },
  };
}

function packageOf(from: NodeJS.Require, spec: string): { names: string[]; isNamed: boolean } | undefined {
  try {
    const { name, registry, subSpec } = (from("npm-package-arg") as (spec: string) => PackageSpec)(spec);
    const names = [name, subSpec?.name].filter((found) => typeof found === "string");
    return { names, isNamed: registry === true };
  } catch {
    return undefined;
  }
}

/** Releases 9 and 10 call the command `run-script`, and `run` its alias. */
function canonical(command: string): string {
  return command === "run-script" ? "run" : command;
}

/** 9.0 has its resolution in the class Npm, where it cannot be had without starting npm. */
function npm90(from: NodeJS.Require, list: CommandList): (word: string) => string | undefined {
  const abbrevs = (from("abbrev") as (names: readonly string[]) => Record<string, string>)([
    ...list.commands,
    ...Object.keys(list.aliases),
  ]);
  return (word) => {
    const name = word.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
    let command = list.plumbing?.includes(name) === true ? name : abbrevs[name];
    while (command !== undefined && list.aliases[command] !== undefined) {
      command = list.aliases[command];
    }
    return command;
  };
}
