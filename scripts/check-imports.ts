/** Reads every import of src/ and fails on any that points the wrong way (docs/architecture.md draws the rooms). The rules are the two
 *  tables below; `node scripts/check-imports.ts` checks them. */
import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, resolve } from "node:path";

interface RoomRule {
  /** Rooms and files it may import, besides itself. A name covers all below it. */
  readonly values: readonly string[];
  /** The same for `import type`, in addition: interfaces may be seen where nothing may be called. */
  readonly types?: readonly string[];
}

const base = ["platform", "version.ts"];
/** What a domain may know of the host that its processes run on, and of who asks. */
const seams = ["hosts/host.ts", "agent/protocol.ts", "sandboxes/sandbox.ts", "identity/principal.ts"];
const domains = ["apps", "capsules", "tasks", "scripts", "containers", "notifications"];

/** Longest matching path wins, so a file or a room inside a room may have a rule of its own. */
export const roomRules: Readonly<Record<string, RoomRule>> = {
  "version.ts": { values: [] },
  platform: { values: ["version.ts"] },
  "config.ts": { values: [...base, "config"] },
  config: { values: [...base, "config.ts"] },
  identity: { values: base },
  snapshots: { values: base },
  sandboxes: { values: base },
  agent: { values: [...base, "sandboxes"] },
  hosts: { values: [...base, "agent/protocol.ts"], types: ["sandboxes/sandbox.ts"] },
  ...Object.fromEntries(domains.map((domain) => [domain, { values: base, types: seams }])),
  // What a script mounts is a snapshot.
  scripts: { values: [...base, "snapshots"], types: seams },
  worker: { values: [...base, "sandboxes"] },
  ...Object.fromEntries(
    ["appmesh", "wrenn", "mitosis", "mcpv8", "dockmesh", "mcp", "yard", "agents"].map((api) => [
      `apis/${api}`,
      {
        values: [...base, "identity", "hosts", "snapshots", ...domains],
        types: ["config.ts", "agent/protocol.ts", "sandboxes/sandbox.ts"],
      },
    ]),
  ),
  client: { values: base },
  // What the machine can do, asked of it without a yard that runs.
  doctor: { values: [...base, "sandboxes"], types: ["config.ts"] },
  console: { values: base },
  "local-key.ts": { values: [...base, "client"], types: ["identity/identity.ts"] },
  "address-file.ts": { values: [...base, "client"] },
  "programs.ts": { values: base, types: ["apis/mcpv8/programs.ts"] },
  "examples.ts": { values: [...base, "apps", "apis"], types: ["identity/identity.ts"] },
  // What the composition root does for one part of the house each.
  yard: {
    values: [...base, "config.ts", "client", "doctor", "identity", "snapshots", "hosts", ...domains, "apis"],
  },
  "yard.ts": {
    values: [
      ...base,
      "yard",
      "config.ts",
      "console",
      "address-file.ts",
      "examples.ts",
      "local-key.ts",
      "programs.ts",
      "identity",
      "snapshots",
      "hosts",
      ...domains,
      "apis",
    ],
  },
  commands: { values: [...base, "config.ts", "config", "doctor", "identity", "agent", "worker", "client", "yard.ts"] },
  "main.ts": { values: [...base, "commands"] },
};

/** Packages and built-in modules that only some rooms may use: the rest of the house is spared from knowing them. */
export const packageRules: Readonly<Record<string, readonly string[]>> = {
  fastify: ["platform/http", "apis"],
  "@fastify/": ["platform/http", "apis"],
  pg: ["platform/db"],
  "node:sqlite": ["platform"],
  pino: ["platform"],
  "prom-client": ["platform", "apis"],
  commander: ["commands", "main.ts"],
  jose: ["identity", "platform/crypto", "hosts/host-tokens.ts"],
  otpauth: ["identity"],
  "openid-client": ["identity/openid"],
  "@peculiar/": ["platform"],
  "@modelcontextprotocol/server": ["apis/mcp", "commands"],
  "@modelcontextprotocol/client": ["commands", "scripts/capabilities/mcp"],
  koffi: ["platform/process"],
  "@lydell/node-pty": ["platform/process", "sandboxes", "agent"],
  dockerode: ["platform/docker", "sandboxes", "agent", "containers"],
  // The control plane starts no process but its own agent, and the engines that scripts run in.
  "node:child_process": ["platform/process", "sandboxes", "agent", "worker", "hosts/local-agent.ts", "scripts/engine"],
};

export interface Import {
  /** Path from src/. */
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Every import, re-export and dynamic import of one file. The sources are formatted, so statements start their line. */
export function importsOf(file: string, source: string): Import[] {
  const statement = /^(?:import|export)\s+(type\s+)?(?:[^"';=]*?\sfrom\s+)?"([^"]+)"/gm;
  const dynamic = /\bimport\("([^"]+)"\)/g;
  return [
    ...[...source.matchAll(statement)].map((match) => ({
      file,
      specifier: match[2]!,
      typeOnly: match[1] !== undefined,
    })),
    ...[...source.matchAll(dynamic)].map((match) => ({ file, specifier: match[1]!, typeOnly: false })),
  ];
}

/** What is wrong with an import, or undefined. `dependencies` are the packages that an installed runyard has. */
export function faultOf(found: Import, dependencies: ReadonlySet<string>): string | undefined {
  return found.specifier.startsWith(".") ? faultOfRelative(found) : faultOfPackage(found, dependencies);
}

function faultOfRelative({ file, specifier, typeOnly }: Import): string | undefined {
  const target = join(dirname(file), specifier);
  const room = ruleNameOf(file);
  const rule = room === undefined ? undefined : roomRules[room];
  if (room === undefined || rule === undefined)
    return `belongs to no room: add one to the table in scripts/check-imports.ts`;
  const allowed = typeOnly ? [...rule.values, ...(rule.types ?? [])] : rule.values;
  if (isBelow(target, room) || allowed.some((place) => isBelow(target, place))) return undefined;
  return `${room} may not import ${typeOnly ? "types" : "values"} from ${target}`;
}

function faultOfPackage({ file, specifier, typeOnly }: Import, dependencies: ReadonlySet<string>): string | undefined {
  const rule = Object.keys(packageRules).find((name) =>
    name.endsWith("/") ? specifier.startsWith(name) : isBelow(specifier, name),
  );
  if (rule !== undefined && !packageRules[rule]!.some((place) => isBelow(file, place)))
    return `may not import ${specifier}: only ${packageRules[rule]!.join(", ")} may`;
  if (specifier.startsWith("node:")) return undefined;
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  if (builtinModules.includes(name)) return `imports ${specifier} without the prefix node:`;
  if (!typeOnly && !dependencies.has(name))
    return `imports ${name}, which is not among the dependencies in package.json`;
  return undefined;
}

function ruleNameOf(file: string): string | undefined {
  return Object.keys(roomRules)
    .filter((name) => isBelow(file, name))
    .sort((a, b) => b.length - a.length)[0];
}

function isBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

/** Tests may reach across rooms and start processes, and so may the parts that exist for them. */
export function isForTests(file: string): boolean {
  return /(^|\/)testing\/|\.test\.ts$|(^|\/)(testing(-\w+)?|test-\w+|conformance)\.ts$/.test(file);
}

function check(root: string): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const names = new Set(Object.keys(dependencies));
  const source = join(root, "src");
  return globSync("**/*.ts", { cwd: source })
    .filter((file) => !isForTests(file))
    .flatMap((file) => importsOf(file, readFileSync(join(source, file), "utf8")))
    .flatMap((found) => {
      const fault = faultOf(found, names);
      return fault === undefined ? [] : [`src/${found.file}: ${fault}`];
    });
}

if (import.meta.main) {
  const faults = check(resolve(import.meta.dirname, ".."));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log("imports: all of them point the right way");
}
