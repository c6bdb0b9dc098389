/** Packages as scripts import them (`npm:lodash-es@4/add`) and as a policy grants them (`npm:lodash-es`, `npm:@scope/*@4`, `jsr:*`). */
import { matchesText, parseTextPattern, type TextPattern } from "../capabilities/text-pattern.ts";

export const packageSchemes = ["npm", "jsr"] as const;
export type PackageScheme = (typeof packageSchemes)[number];

export interface PackageName {
  readonly scheme: PackageScheme;
  /** With its scope: `@std/path`. */
  readonly name: string;
  /** As it was written: a version, a range, a tag. */
  readonly version: string | undefined;
  /** Beginning with a slash, or empty. */
  readonly subpath: string;
}

export interface PackagePattern {
  readonly scheme: PackageScheme;
  readonly name: TextPattern;
  /** This one, and all that begin with it and a dot. Undefined: every version. */
  readonly version: string | undefined;
}

/** No `..`, no query, no encoding: nothing that could mean another package to whoever serves it. */
const nameShape =
  /^\/?((?:@[a-z\d][\w.~-]{0,100}\/)?[a-z\d][\w.~-]{0,100})(?:@([\w.~^+<>=*-]{1,60}))?((?:\/[\w@+~-][\w@.+~-]*)*)$/i;
const patternShape = /^(npm|jsr):((?:@[\w.~*-]+\/)?[\w.~*-]+)(?:@([\w.+-]+))?$/i;

/** @returns undefined if it is no package's name */
export function parsePackageName(scheme: PackageScheme, text: string): PackageName | undefined {
  const [, name, version, subpath = ""] = nameShape.exec(text) ?? [];
  return name === undefined ? undefined : { scheme, name, version, subpath };
}

/** @throws {RangeError} */
export function parsePackagePattern(text: string): PackagePattern {
  const [, scheme, name, version] = patternShape.exec(text) ?? [];
  const known = packageSchemes.find((each) => each === scheme);
  if (known === undefined || name === undefined)
    throw new RangeError(`"${text}" is no package; write npm:name, npm:name@4, jsr:@scope/name or npm:@scope/*`);
  return { scheme: known, name: parseTextPattern(name), version };
}

export function matchesPackage(pattern: PackagePattern, { scheme, name, version }: PackageName): boolean {
  if (pattern.scheme !== scheme || !matchesText(pattern.name, name)) return false;
  // A star is for a name or a scope, not for both.
  if (pattern.name.join("*").includes("/") !== name.includes("/") && pattern.name.join("*") !== "*") return false;
  return pattern.version === undefined || version === pattern.version || !!version?.startsWith(`${pattern.version}.`);
}
