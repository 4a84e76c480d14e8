import type { GivenOption } from "../../src/policy/reading.ts";
import { packagesOf } from "./package-spec.ts";

/** A call as far as it can name packages. */
export interface NamingCall {
  readonly command: string;
  readonly subcommand: string | undefined;
  readonly positionals: readonly string[];
  readonly options: readonly GivenOption[];
}

/**
 * The packages that a call names, without their versions; what comes from elsewhere than a registry as it is written.
 * Undefined where files of the project decide (`npm publish`, `npm install` alone), and where it is not known which
 * arguments name packages.
 */
export function packageTargets(call: NamingCall): string[] | undefined {
  const packages = specsOf(call).flatMap((spec) => (spec === undefined ? [] : packagesOf(spec)));
  return packages.length === 0 ? undefined : packages;
}

function specsOf({ command, subcommand, positionals, options }: NamingCall): readonly (string | undefined)[] {
  if (ALL.has(command)) {
    return positionals;
  }
  if (command === "exec") {
    const given = options.filter(({ names, isNegated }) => names.includes("--package") && isNegated !== true);
    return given.length > 0 ? given.map(({ value }) => value) : positionals.slice(0, 1);
  }
  if (command === "init") {
    return [initializer(positionals[0] ?? "")];
  }
  const place = PLACES.get(subcommand === undefined ? command : `${command} ${subcommand}`);
  return place === undefined ? [] : [positionals[place]];
}

/** Every argument is a package. */
const ALL: ReadonlySet<string> = new Set(
  (
    "approve-scripts bugs deny-scripts docs explain install install-test link ls outdated pack rebuild repo star " +
    "uninstall unstar update"
  ).split(" "),
);

/** Which of the arguments is a package. */
const PLACES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    "access get": 1,
    "access grant": 2,
    "access revoke": 1,
    "access set": 1,
    "cache add": 0,
    deprecate: 0,
    "dist-tag add": 0,
    "dist-tag ls": 0,
    "dist-tag rm": 0,
    explore: 0,
    fund: 0,
    "hook add": 0,
    "owner add": 1,
    "owner ls": 0,
    "owner rm": 1,
    "trust github": 0,
    "trust gitlab": 0,
    undeprecate: 0,
    unpublish: 0,
    view: 0,
  }),
);

/** `npm init vite@5` runs create-vite, `npm init @acme` runs @acme/create, and `npm init @acme/app` @acme/create-app. */
function initializer(word: string): string | undefined {
  const [name = "", ...others] = packagesOf(word);
  if (name === "" || others.length > 0 || !/^(@[^/]+\/?)?[^/:@]*$/u.test(name)) {
    return undefined;
  }
  return /^@[^/]+$/u.test(name) ? `${name}/create` : name.replace(/^(@[^/]+\/)?/u, "$1create-");
}
