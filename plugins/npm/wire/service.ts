import { quote } from "../../../src/policy/printable.ts";

/** What npm would call what a request is for: the subject of a refusal. Nothing is decided by it. */
export function serviceAt(method: string, segments: readonly string[]): string {
  const path = segments.join("/");
  const known = SERVICES.find(([pattern]) => pattern.test(path))?.[1];
  return known ?? `${quote(method, 16)} of ${quote(`/${path}`, 120)}`;
}

const SERVICES: readonly (readonly [RegExp, string])[] = [
  [/^-\/package\/.+\/dist-tags(\/|$)/, "npm dist-tag"],
  [/^-\/package\/.+\/(access|collaborators|visibility)$/, "npm access"],
  [/^-\/package\/.+\/trust(\/|$)/, "npm trust"],
  [/^-\/(stage|package\/.+\/stage)(\/|$)/, "npm stage"],
  [/^-\/(user|v1\/login|v1\/done)(\/|$)/, "npm login, logout or owner"],
  [/^-\/npm\/v1\/tokens(\/|$)/, "npm token"],
  [/^-\/npm\/v1\/user$/, "npm profile"],
  [/^-\/npm\/v1\/hooks(\/|$)/, "npm hook"],
  [/^-\/(org|team)(\/|$)/, "npm org or npm team"],
  [/^-\/whoami$/, "npm whoami"],
  [/\/-rev\//, "npm unpublish, npm owner or npm deprecate"],
];
