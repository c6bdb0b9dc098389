/** Whether a module may be imported: as a package, by the address that it comes from, or because a package that may be imports it. */

import type { FetchRule } from "../capabilities/fetch-policy.ts";
import { matchesHost } from "../capabilities/host-pattern.ts";
import { matchesPath } from "../capabilities/path-pattern.ts";
import { matchesPackage, type PackagePattern } from "./package-name.ts";
import type { PackageBases, Wanted } from "./specifier.ts";

/** Grants packages, or addresses. */
export interface ModuleRule extends Pick<FetchRule, "name" | "hosts" | "paths" | "networks"> {
  readonly packages: readonly PackagePattern[];
}

export interface ModulePolicy {
  readonly bases: PackageBases;
  readonly rules: readonly ModuleRule[];
  /** Of one module, redirects included. */
  readonly timeoutMs: number;
  readonly maxModuleBytes: number;
  /** Of all that one execution imports. */
  readonly maxTotalBytes: number;
  readonly maxModules: number;
}

/** The rules of the packages that a module belongs to. */
export type PackageGrant = readonly ModuleRule[];

export interface ModuleVerdict {
  readonly allowedBy: readonly ModuleRule[];
  /** What goes on to the modules that this one imports. */
  readonly grant: PackageGrant;
}

/** @param inherited of the module that imports it
 *  @returns why not, as a text */
export function judgeModule(policy: ModulePolicy, wanted: Wanted, inherited: PackageGrant): ModuleVerdict | string {
  const { url } = wanted;
  // Rules that are no longer in the policy grant nothing more.
  const ofPackage = policy.rules.filter(
    (rule) => grantsPackage(rule, wanted) || inherited.some(({ name }) => name === rule.name),
  );
  const grant = isAtBase(policy, url) ? ofPackage : [];
  const ofHost = policy.rules.filter(({ hosts }) => hosts.some((host) => matchesHost(host, url)));
  const ofAddress = ofHost.filter(({ paths }) => paths === undefined || matchesPath(paths, url));
  const allowedBy = [...new Set([...grant, ...ofAddress])];
  if (allowedBy.length > 0) return { allowedBy, grant };
  if (ofHost.length > 0) return `rule "${ofHost[0]?.name}" does not allow this path`;
  return wanted.package === undefined
    ? `no rule of modules.allow is for ${url.protocol}//${url.host}`
    : "no rule of modules.allow is for this package";
}

function grantsPackage({ packages }: ModuleRule, wanted: Wanted): boolean {
  return wanted.package !== undefined && packages.some((pattern) => matchesPackage(pattern, wanted.package!));
}

/** Whoever serves packages serves what they import from the same origin, under paths of its own. */
function isAtBase({ bases }: ModulePolicy, url: URL): boolean {
  return Object.values(bases).some((base) => base.origin === url.origin);
}
