/** What a path says about a package. */
export interface PackagePath {
  /** `left-pad`, `@acme/left-pad`. */
  readonly name: string;
  /** Parts in front of the name, in an address that a registry gave out: those of its own path. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * The package in the parts of a path; undefined when it is about none. Addresses of files have `/-/` behind the name
 * (`/@acme/a/-/a-1.0.0.tgz`), services of the registry begin with it (`/-/package/@acme/a/dist-tags`), and everything
 * else begins with the name.
 */
export function findPackage(segments: readonly string[]): PackagePath | undefined {
  if (segments[0] === "-") {
    const skipped = SERVICES.find((service) => service.every((part, index) => segments[index] === part))?.length;
    return skipped === undefined ? undefined : nameAt(segments, skipped);
  }
  const dash = segments.indexOf("-", 1);
  return nameAt(segments, dash < 0 ? 0 : isScope(segments[dash - 2]) ? dash - 2 : dash - 1);
}

/** The scope of a name, with its `@`; undefined when it has none. */
export function scopeOf(name: string): string | undefined {
  return isScope(name) ? name.split("/", 1)[0] : undefined;
}

/**
 * Whether this is the name of a package as registries have them; capitals are in old ones. What begins with `_` or `-`
 * is no package but a service of the registry.
 */
export function isPackageName(name: string): boolean {
  return name.length <= 214 && /^(?:@[A-Za-z0-9~][\w.~-]*\/)?[A-Za-z0-9~][\w.~-]*$/.test(name);
}

/** Services whose path goes on with a package. */
const SERVICES = [
  ["-", "package"],
  ["-", "stage", "package"],
  ["-", "npm", "v1", "attestations"],
];

function nameAt(segments: readonly string[], start: number): PackagePath | undefined {
  const [first, second] = segments.slice(start);
  if (first === undefined || (isScope(first) && second === undefined)) {
    return undefined;
  }
  const isScoped = isScope(first);
  return {
    name: isScoped ? `${first}/${second}` : first,
    before: segments.slice(0, start),
    after: segments.slice(start + (isScoped ? 2 : 1)),
  };
}

function isScope(part: string | undefined): part is string {
  return part?.startsWith("@") === true;
}
