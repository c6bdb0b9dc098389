/** `modules` in a policy. */
import { type Static, Type } from "typebox";
import { networksOf } from "../../platform/http/outgoing/addresses.ts";
import { parseHostPattern } from "../capabilities/host-pattern.ts";
import { parsePathPattern } from "../capabilities/path-pattern.ts";
import { type Complain, type Place, readEach } from "../capabilities/policy-document.ts";
import {
  closed,
  mebibyte,
  mostRules,
  requireNetwork,
  ruleName,
  texts,
  timeoutSeconds,
} from "../capabilities/policy-terms.ts";
import type { ModulePolicy, ModuleRule } from "./module-policy.ts";
import { packageSchemes, parsePackagePattern } from "./package-name.ts";
import type { PackageBases } from "./specifier.ts";

const RuleEntry = Type.Object(
  {
    name: ruleName,
    packages: Type.Optional(texts),
    hosts: Type.Optional(texts),
    paths: Type.Optional(texts),
    networks: Type.Optional(texts),
  },
  closed,
);

const address = Type.String({ maxLength: 1_000 });

export const ModuleSection = Type.Object(
  {
    allow: Type.Array(RuleEntry, { maxItems: mostRules }),
    bases: Type.Optional(Type.Object({ npm: Type.Optional(address), jsr: Type.Optional(address) }, closed)),
    "timeout-seconds": Type.Optional(timeoutSeconds),
    "max-module-mib": Type.Optional(Type.Integer({ minimum: 1, maximum: 16 })),
    "max-total-mib": Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
    "max-modules": Type.Optional(Type.Integer({ minimum: 1, maximum: 2_000 })),
  },
  closed,
);

type Section = Static<typeof ModuleSection>;

const defaults = { timeoutSeconds: 30, maxModuleMib: 4, maxTotalMib: 16, maxModules: 1_000 };

export function readModuleSection(section: Section, complain: Complain): ModulePolicy {
  const bases = readBases(section.bases ?? {}, complain);
  return {
    bases,
    rules: section.allow.map((rule, index) => readRule(rule, bases, ["modules", "allow", index], complain)),
    timeoutMs: (section["timeout-seconds"] ?? defaults.timeoutSeconds) * 1_000,
    maxModuleBytes: (section["max-module-mib"] ?? defaults.maxModuleMib) * mebibyte,
    maxTotalBytes: (section["max-total-mib"] ?? defaults.maxTotalMib) * mebibyte,
    maxModules: section["max-modules"] ?? defaults.maxModules,
  };
}

function readBases(given: NonNullable<Section["bases"]>, complain: Complain): PackageBases {
  const bases: { npm?: URL; jsr?: URL } = {};
  for (const scheme of packageSchemes) {
    const text = given[scheme];
    if (text === undefined) continue;
    const base = URL.parse(text);
    if (base !== null && isBase(base)) bases[scheme] = base;
    else complain(["modules", "bases", scheme], `"${text}" is no base; write https://host/, with a slash at its end`);
  }
  return bases;
}

function isBase({ protocol, pathname, search, hash, username, password }: URL): boolean {
  const isWeb = protocol === "https:" || protocol === "http:";
  return isWeb && pathname.endsWith("/") && `${search}${hash}${username}${password}` === "";
}

function readRule(
  { name, packages = [], hosts = [], paths, networks = [] }: Section["allow"][number],
  bases: PackageBases,
  place: Place,
  complain: Complain,
): ModuleRule {
  const at = (key: string) => ({ place: [...place, key], complain });
  if (packages.length + hosts.length === 0) complain(place, "grants nothing: it needs packages or hosts");
  if (paths !== undefined && hosts.length === 0)
    complain([...place, "paths"], "paths are those of hosts, and it has none");
  const patterns = readEach(packages, at("packages"), parsePackagePattern);
  for (const scheme of new Set(patterns.map(({ scheme }) => scheme)))
    if (bases[scheme] === undefined)
      complain(
        [...place, "packages"],
        `where ${scheme}: packages come from is not said: modules.bases.${scheme} is missing`,
      );
  return {
    name,
    packages: patterns,
    hosts: readEach(hosts, at("hosts"), parseHostPattern),
    paths: paths && readEach(paths, at("paths"), parsePathPattern),
    networks: networksOf(readEach(networks, at("networks"), requireNetwork)),
  };
}
