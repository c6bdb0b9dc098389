/** A whole Compose file, merged and with its variables in, as a project. */
import { parseEnvFile } from "./env-file.ts";
import type { Faults } from "./faults.ts";
import { readSharedFiles } from "./file-mounts.ts";
import type { Lookup } from "./interpolation.ts";
import { hostPathOf } from "./mounts.ts";
import type { ComposeProject, NetworkSpec, ServiceSpec, VolumeSpec } from "./project.ts";
import { type ProjectSource, readNamed } from "./project-source.ts";
import { createReader, type Reader } from "./reader.ts";
import { readNetwork, readVolume } from "./resources.ts";
import { readService } from "./service.ts";
import { checkDependencies } from "./service-dependencies.ts";
import { isNothing, type SourceNode } from "./source-tree.ts";

const fileKeys = {
  reads: ["services", "networks", "volumes", "configs", "secrets"],
  // The stack's name is its directory's; the version has had no meaning for years.
  ignores: ["name", "version"],
  refuses: ["models", "include"],
} as const;

const keyPattern = /^[a-zA-Z0-9._-]{1,128}$/;

export interface ReadContext {
  readonly source: ProjectSource;
  readonly lookup: Lookup;
  readonly faults: Faults;
}

export async function readProject(tree: SourceNode, context: ReadContext): Promise<ComposeProject> {
  const read = createReader(context.faults);
  const { name } = context.source;
  const sections = read.fields(tree, fileKeys);
  const networks = readAll(sections.networks, read, (key, node) => readNetwork(key, node, name, read));
  const volumes = readAll(sections.volumes, read, (key, node) => readVolume(key, node, name, read));
  const serviceNodes = activeServices(sections.services, read);
  if (serviceNodes.size === 0) context.faults.add(tree.place, "has no services");
  const complain = (service: string, message: string) => read.complain(serviceNodes.get(service)!.place, message);

  const services = checkDependencies(await readServices(serviceNodes, sections, read, context), complain);
  const used = (map: ReadonlyMap<string, unknown>, names: (service: ServiceSpec) => Iterable<string>) =>
    usedNames(services, map, names, complain);
  const networkNames = used(new Map([["default", undefined], ...networks]), ({ networks }) => networks.keys());
  const volumeNames = used(volumes, volumesOf);
  return {
    name,
    services,
    networks: new Map(networkNames.map((key) => [key, networks.get(key) ?? readNetwork(key, undefined, name, read)])),
    volumes: new Map(volumeNames.flatMap((key) => [[key, volumes.get(key)!]])),
  };
}

function readAll<T extends NetworkSpec | VolumeSpec>(
  node: SourceNode | undefined,
  read: Reader,
  readOne: (key: string, node: SourceNode) => T,
): ReadonlyMap<string, T> {
  checkKeys(node, read);
  return new Map([...read.entries(node)].map(([key, value]) => [key, readOne(key, value)]));
}

function checkKeys(node: SourceNode | undefined, read: Reader): void {
  for (const [key, value] of node?.kind === "map" ? node.entries : []) {
    if (!keyPattern.test(key))
      read.complain(value.place, "has a name with other characters than letters, digits, _, . and -");
  }
}

/** Without those that have a profile: they are started by name, and nobody names one here. */
function activeServices(node: SourceNode | undefined, read: Reader): ReadonlyMap<string, SourceNode> {
  checkKeys(node, read);
  const isActive = (service: SourceNode) => {
    const profiles = service.kind === "map" ? service.entries.get("profiles") : undefined;
    return (read.texts(profiles) ?? []).length === 0;
  };
  return new Map([...read.entries(node)].filter(([, service]) => isActive(service)));
}

async function readServices(
  nodes: ReadonlyMap<string, SourceNode>,
  sections: { readonly configs?: SourceNode; readonly secrets?: SourceNode },
  read: Reader,
  context: ReadContext,
): Promise<ReadonlyMap<string, ServiceSpec>> {
  const files = { configs: readSharedFiles(sections.configs, read), secrets: readSharedFiles(sections.secrets, read) };
  const services = new Map<string, ServiceSpec>();
  for (const [name, node] of nodes) {
    const fileVariables = await readEnvFiles(node, read, context);
    const service = readService(name, node, { read, lookup: context.lookup, fileVariables, files });
    if (service !== undefined) services.set(name, service);
  }
  return services;
}

/** Later files win over earlier ones. */
async function readEnvFiles(
  service: SourceNode,
  read: Reader,
  context: ReadContext,
): Promise<ReadonlyMap<string, string>> {
  const variables = new Map<string, string>();
  const node = service.kind === "map" ? service.entries.get("env_file") : undefined;
  const items = isNothing(node) || node.kind === "list" ? read.items(node) : [node];
  for (const item of items) {
    const found =
      item.kind === "map" ? read.fields(item, { reads: ["path", "required"], refuses: ["format"] }) : { path: item };
    const path = read.text(found.path);
    if (path === undefined || path === "") {
      read.complain(item.place, "names no file");
      continue;
    }
    const isRequired = ("required" in found ? read.flag(found.required) : undefined) ?? true;
    const file = await readNamed(item, hostPathOf(item, path), { ...context, optional: !isRequired });
    if (file === undefined) continue;
    const outside: Lookup = (name) => variables.get(name) ?? context.lookup(name);
    for (const [name, value] of parseEnvFile(file.text, { file: file.path, outside, faults: context.faults }))
      variables.set(name, value);
  }
  return variables;
}

function volumesOf({ mounts }: ServiceSpec): readonly string[] {
  return mounts.flatMap((mount) => (mount.kind === "volume" && mount.source !== undefined ? [mount.source] : []));
}

/** Of a section, what services name. */
function usedNames(
  services: ReadonlyMap<string, ServiceSpec>,
  declared: ReadonlyMap<string, unknown>,
  namesOf: (service: ServiceSpec) => Iterable<string>,
  complain: (service: string, message: string) => void,
): readonly string[] {
  const used = new Set<string>();
  for (const [name, service] of services) {
    for (const one of namesOf(service)) {
      if (declared.has(one)) used.add(one);
      else complain(name, `names ${JSON.stringify(one)}, which the file does not declare`);
    }
  }
  return [...used];
}
