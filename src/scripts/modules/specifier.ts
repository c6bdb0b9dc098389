/** What a specifier stands for: an address, by way of the base that the policy has for packages. */
import { CallError, shortened } from "../capabilities/call-error.ts";
import { type PackageName, type PackageScheme, parsePackageName } from "./package-name.ts";

export type PackageBases = Readonly<Partial<Record<PackageScheme, URL>>>;

export interface Wanted {
  readonly url: URL;
  /** If it was asked for as a package. */
  readonly package: PackageName | undefined;
}

const mostCharacters = 4_096;

/** @param referrer the address of the module that imports it; undefined: the script, which has none
 *  @throws {CallError} */
export function resolveSpecifier(specifier: string, referrer: URL | undefined, bases: PackageBases): Wanted {
  const refuse = (reason: string) => new CallError(`${shortened(specifier)} cannot be imported: ${reason}`);
  if (specifier.length > mostCharacters) throw refuse("it is too long");
  const [, scheme] = /^(npm|jsr):/.exec(specifier) ?? [];
  if (scheme === "npm" || scheme === "jsr") {
    const base = bases[scheme];
    if (base === undefined) throw refuse(`the policy names no base for ${scheme}: (modules.bases.${scheme})`);
    const found = parsePackageName(scheme, specifier.slice(scheme.length + 1));
    if (found === undefined) throw refuse("this is no name of a package, with a version and a path at most");
    const version = found.version === undefined ? "" : `@${found.version}`;
    return { url: new URL(`${found.name}${version}${found.subpath}`, base), package: found };
  }
  const isRelative = /^\.{0,2}\//.test(specifier);
  if (isRelative && referrer === undefined)
    throw refuse(
      "a script has no address for it to be relative to; only npm:, jsr:, https: and http: modules are supported",
    );
  const url = isRelative ? URL.parse(specifier, referrer?.href) : URL.parse(specifier);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw refuse("only npm:, jsr:, https: and http: modules are supported");
  if (url.username !== "" || url.password !== "") throw refuse("an address cannot hold a user or a password");
  url.hash = "";
  return { url, package: undefined };
}
