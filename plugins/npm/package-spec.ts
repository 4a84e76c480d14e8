/**
 * What a package argument names, as npm-package-arg reads it: `lodash` in `lodash@4`, both `a` and `lodash` in
 * `a@npm:lodash@4`, both `a` and where it comes from in `a@github:acme/a`, and a path, address or repository
 * (`acme/a` is one at GitHub) as it is written.
 */
export function packagesOf(spec: string): string[] {
  if (ALIAS.test(spec)) {
    return [split(spec.slice("npm:".length)).name];
  }
  const { name, from } = split(spec);
  if (isElsewhere(spec) || (!name.startsWith("@") && isPath(name))) {
    return [spec];
  }
  if (ALIAS.test(from)) {
    return [name, split(from.slice("npm:".length)).name];
  }
  return isElsewhere(from) || isPath(from) ? [name, from] : [name];
}

const ALIAS = /^npm:/iu;

/** The @ at the beginning is a scope's. */
function split(spec: string): { readonly name: string; readonly from: string } {
  const at = spec.indexOf("@", 1);
  return at > 0 ? { name: spec.slice(0, at), from: spec.slice(at + 1) } : { name: spec, from: "" };
}

/** An address, a repository by ssh, or a folder that is written as one. */
function isElsewhere(text: string): boolean {
  return /^(?:git\+)?[a-z]+:/iu.test(text) || /^[^@]+@[^:.]+\.[^:]+:.+$/u.test(text) || /^(?:\.|~\/|\/)/u.test(text);
}

function isPath(text: string): boolean {
  return text.includes("/") || /\.(?:tgz|tar\.gz|tar)$/iu.test(text);
}
