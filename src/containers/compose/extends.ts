/** Services that are built upon others (`extends`), of the same file or of another one in the stack's directory. */
import path from "node:path";
import { mergeTrees } from "./merge.ts";
import { type LoadContext, readNamed } from "./project-source.ts";
import { createReader } from "./reader.ts";
import { isNothing, type MapNode, type SourceNode } from "./source-tree.ts";

const maxChain = 16;

/** The tree of one file, without any `extends`. */
export async function spellOutExtends(tree: SourceNode, context: LoadContext): Promise<SourceNode> {
  const { faults, source } = context;
  const read = createReader(faults);
  const files = new Map<string, SourceNode | undefined>();

  async function spellOut(
    service: SourceNode,
    siblings: SourceNode,
    chain: readonly SourceNode[],
  ): Promise<SourceNode> {
    if (service.kind !== "map") return service;
    const extended = service.entries.get("extends");
    const own = withoutExtends(service);
    if (isNothing(extended)) return own;
    if (chain.includes(extended) || chain.length >= maxChain) {
      faults.add(extended.place, "leads in a circle, or too far");
      return own;
    }
    const base = await findBase(extended, siblings);
    if (base === undefined) return own;
    return mergeService(await spellOut(base.service, base.tree, [...chain, extended]), own);
  }

  async function findBase(extended: SourceNode, siblings: SourceNode) {
    const found =
      extended.kind === "map"
        ? read.fields(extended, { reads: ["service", "file"] })
        : { service: extended, file: undefined };
    const name = read.text(found.service);
    const tree = found.file === undefined ? siblings : await otherFile(found.file);
    if (tree === undefined) return undefined;
    const service = name === undefined ? undefined : servicesOf(tree)?.entries.get(name);
    if (service !== undefined) return { service, tree };
    return read.complain(extended.place, `names the service ${JSON.stringify(name ?? "")}, which is not there`);
  }

  async function otherFile(node: SourceNode): Promise<SourceNode | undefined> {
    const name = read.text(node) ?? "";
    const file = path.resolve(source.directory, name);
    if (path.dirname(file) !== source.directory) {
      return read.complain(node.place, "is not supported for files elsewhere than in the stack's directory itself");
    }
    if (!files.has(file)) {
      const content = await readNamed(node, file, context);
      files.set(file, content && context.parse(content));
    }
    return files.get(file);
  }

  const services = servicesOf(tree);
  if (tree.kind !== "map" || services === undefined) return tree;
  const entries = new Map(services.entries);
  for (const [name, service] of services.entries) entries.set(name, await spellOut(service, tree, []));
  return { ...tree, entries: new Map([...tree.entries, ["services", { ...services, entries }]]) };
}

function servicesOf(tree: SourceNode): MapNode | undefined {
  const services = tree.kind === "map" ? tree.entries.get("services") : undefined;
  return services?.kind === "map" ? services : undefined;
}

function withoutExtends(service: MapNode): MapNode {
  return { ...service, entries: new Map([...service.entries].filter(([key]) => key !== "extends")) };
}

/** By the rules for services, which the merging knows by their place in the file. */
function mergeService(base: SourceNode, own: MapNode): SourceNode {
  const wrap = (node: SourceNode): MapNode => {
    const services: MapNode = { kind: "map", place: node.place, entries: new Map([["one", node]]) };
    return { kind: "map", place: node.place, entries: new Map([["services", services]]) };
  };
  const merged = mergeTrees(wrap(base), wrap(own));
  return servicesOf(merged)?.entries.get("one") ?? own;
}
