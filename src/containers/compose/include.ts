/** Other files of the stack's directory whose services, networks and volumes are the stack's too (`include`). */
import path from "node:path";
import { spellOutExtends } from "./extends.ts";
import { withoutTags } from "./merge.ts";
import { type LoadContext, readNamed } from "./project-source.ts";
import { createReader, type Reader } from "./reader.ts";
import type { MapNode, SourceNode } from "./source-tree.ts";

const sections = ["services", "networks", "volumes", "configs", "secrets"];
/** Files that may include each other. */
const maxFiles = 32;

export async function addIncluded(tree: SourceNode, context: LoadContext): Promise<SourceNode> {
  const read = createReader(context.faults);
  const included = new Set<string>(context.source.files.map((file) => file.path));

  async function add(whole: SourceNode): Promise<SourceNode> {
    if (whole.kind !== "map") return whole;
    const { include, ...rest } = Object.fromEntries(whole.entries);
    let result: MapNode = { ...whole, entries: new Map(Object.entries(rest)) };
    for (const node of pathsOf(include, read)) {
      const part = await load(node);
      if (part?.kind === "map") result = join(result, part, read);
    }
    return result;
  }

  async function load(node: SourceNode): Promise<SourceNode | undefined> {
    const file = path.resolve(context.source.directory, read.text(node) ?? "");
    if (path.dirname(file) !== context.source.directory) {
      return read.complain(node.place, "is not supported for files elsewhere than in the stack's directory itself");
    }
    if (included.has(file)) return undefined; // once is enough, and ends a circle
    if (included.size >= maxFiles) return read.complain(node.place, `is one of more than ${maxFiles} files`);
    included.add(file);
    const content = await readNamed(node, file, context);
    const parsed = content && context.parse(content);
    return parsed && add(withoutTags(await spellOutExtends(parsed, context)));
  }

  return add(tree);
}

function pathsOf(node: SourceNode | undefined, read: Reader): readonly SourceNode[] {
  return read.items(node).flatMap((item): SourceNode[] => {
    if (item.kind !== "map") return [item];
    const found = read.fields(item, { reads: ["path"], refuses: ["project_directory", "env_file"] });
    if (found.path?.kind === "list") {
      read.complain(found.path.place, "is not supported as a list: include each file by itself");
      return [];
    }
    return found.path === undefined ? [] : [found.path];
  });
}

/** What both say is a fault, unless they say the same. */
function join(whole: MapNode, part: MapNode, read: Reader): MapNode {
  const entries = new Map(whole.entries);
  for (const [section, added] of part.entries) {
    if (!sections.includes(section) || added.kind !== "map") continue;
    const present = entries.get(section);
    const joined = new Map(present?.kind === "map" ? present.entries : []);
    for (const [name, node] of added.entries) {
      if (joined.has(name)) read.complain(node.place, `is in the file that includes this one as well`);
      else joined.set(name, node);
    }
    entries.set(section, { kind: "map", place: present?.place ?? added.place, entries: joined });
  }
  return { ...whole, entries };
}
