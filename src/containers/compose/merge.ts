/** Puts one file over another by the rules of Compose: mappings become one, lists grow, single values are replaced; and what has a meaning beyond that,
 *  the table says.  @see https://github.com/compose-spec/compose-spec/blob/main/13-merge.md */
import { mountKey } from "./mounts.ts";
import { portKey } from "./ports.ts";
import { splitPair } from "./reader.ts";
import { isNothing, type ListNode, type MapNode, type SourceNode } from "./source-tree.ts";

type Rule = (base: SourceNode, over: SourceNode, path: string) => SourceNode;

const rules: Readonly<Record<string, Rule>> = {
  "services.*.command": replace,
  "services.*.entrypoint": replace,
  "services.*.healthcheck.test": replace,
  "services.*.environment": asMaps(entryOfPair),
  "services.*.labels": asMaps(entryOfPair),
  "services.*.sysctls": asMaps(entryOfPair),
  "services.*.deploy.labels": asMaps(entryOfPair),
  "networks.*.labels": asMaps(entryOfPair),
  "volumes.*.labels": asMaps(entryOfPair),
  "services.*.extra_hosts": asLists,
  "services.*.depends_on": asMaps(entryOfDependency),
  "services.*.networks": asMaps(entryOfName),
  "services.*.dns": asLists,
  "services.*.dns_search": asLists,
  "services.*.tmpfs": asLists,
  "services.*.env_file": asLists,
  "services.*.cap_add": asLists,
  "services.*.cap_drop": asLists,
  "services.*.logging": mergeLogging,
  "services.*.ports": byKey(portKey),
  "services.*.volumes": byKey(mountKey),
  "services.*.configs": byKey(fileKey),
  "services.*.secrets": byKey(fileKey),
};

export function mergeTrees(base: SourceNode, over: SourceNode): SourceNode {
  return merge(base, over, "");
}

/** What stands for itself: without what it takes away from files that there are not. */
export function withoutTags(node: SourceNode): SourceNode {
  const { tag: _applied, ...rest } = node;
  if (rest.kind === "map") return { ...rest, entries: keptEntries(rest.entries) };
  if (rest.kind === "list") return { ...rest, items: rest.items.filter(({ tag }) => tag !== "reset").map(withoutTags) };
  return rest;
}

function keptEntries(entries: MapNode["entries"]): MapNode["entries"] {
  const kept = [...entries].filter(([, value]) => value.tag !== "reset");
  return new Map(kept.map(([key, value]) => [key, withoutTags(value)]));
}

function merge(base: SourceNode, over: SourceNode, path: string): SourceNode {
  if (over.tag === "override") return withoutTags(over);
  const rule = rules[path];
  if (rule !== undefined) return isNothing(over) ? base : rule(base, over, path);
  if (base.kind === "map" && over.kind === "map") return mergeMaps(base, over, path);
  if (base.kind === "list" && over.kind === "list") return asLists(base, over);
  return withoutTags(over);
}

function mergeMaps(base: MapNode, over: MapNode, path: string): MapNode {
  const entries = new Map(base.entries);
  for (const [key, value] of over.entries) {
    const below = entries.get(key);
    if (value.tag === "reset") entries.delete(key);
    else if (below === undefined || isNothing(below)) entries.set(key, withoutTags(value));
    else if (!isNothing(value)) entries.set(key, merge(below, value, patternOf(path, key)));
  }
  return { ...base, entries };
}

/** The names of services, networks and volumes do not matter to the rules. */
function patternOf(path: string, key: string): string {
  if (path === "") return key;
  return path.includes(".") ? `${path}.${key}` : `${path}.*`;
}

function replace(_base: SourceNode, over: SourceNode): SourceNode {
  return withoutTags(over);
}

/** The items of both, the later ones once. */
function asLists(base: SourceNode, over: SourceNode): ListNode {
  const below = itemsOf(base);
  const present = new Set(below.map(textKey));
  return {
    kind: "list",
    place: over.place,
    items: [...below, ...itemsOf(over).filter((item) => !present.has(textKey(item)))],
  };
}

function itemsOf(node: SourceNode): readonly SourceNode[] {
  const kept = withoutTags(node);
  if (kept.kind === "list") return kept.items;
  return kept.kind === "map" ? [...kept.entries].map(itemOfEntry) : [kept];
}

/** `name: value` as the text `name=value`. */
function itemOfEntry([name, node]: readonly [string, SourceNode]): SourceNode {
  if (node.kind !== "scalar" || node.value === null) return node;
  const { value, raw } = node;
  return { ...node, value: `${name}=${value}`, ...(raw !== undefined && { raw: `${name}=${raw}` }) };
}

function textKey(item: SourceNode): unknown {
  if (item.kind === "scalar") return `${item.value}`;
  const path = item.kind === "map" ? item.entries.get("path") : undefined; // of an env_file
  return path?.kind === "scalar" ? `${path.value}` : item;
}

function byKey(keyOf: (item: SourceNode) => string | undefined): Rule {
  return (base, over) => {
    const items = new Map<unknown, SourceNode>();
    for (const item of [...itemsOf(base), ...itemsOf(over)]) items.set(keyOf(item) ?? item, item);
    return { kind: "list", place: over.place, items: [...items.values()] };
  };
}

function asMaps(entryOf: (item: SourceNode) => readonly [string, SourceNode]): Rule {
  const mapOf = (node: SourceNode): MapNode =>
    node.kind === "map" ? node : { kind: "map", place: node.place, entries: new Map(itemsOf(node).map(entryOf)) };
  return (base, over, path) => mergeMaps(mapOf(base), mapOf(over), path);
}

function entryOfPair(item: SourceNode): readonly [string, SourceNode] {
  if (item.kind !== "scalar") return [item.place.path, item];
  const [name, value = null] = splitPair(String(item.value));
  const raw = item.raw === undefined ? undefined : splitPair(item.raw)[1];
  return [name, { kind: "scalar", place: item.place, value, ...(raw !== undefined && { raw }) }];
}

function entryOfName(item: SourceNode): readonly [string, SourceNode] {
  return [nameIn(item), { kind: "map", place: item.place, entries: new Map() }];
}

function entryOfDependency(item: SourceNode): readonly [string, SourceNode] {
  const condition: SourceNode = { kind: "scalar", place: item.place, value: "service_started" };
  return [nameIn(item), { kind: "map", place: item.place, entries: new Map([["condition", condition]]) }];
}

function nameIn(item: SourceNode): string {
  return item.kind === "scalar" ? String(item.value) : item.place.path;
}

/** Options of one driver mean nothing to another. */
function mergeLogging(base: SourceNode, over: SourceNode, path: string): SourceNode {
  if (base.kind !== "map" || over.kind !== "map") return over;
  const driverOf = (node: MapNode) => textKey(node.entries.get("driver") ?? node);
  const isOther = base.entries.has("driver") && over.entries.has("driver") && driverOf(base) !== driverOf(over);
  return isOther ? withoutTags(over) : mergeMaps(base, over, path);
}

/** Of a config or secret: where it is mounted. */
function fileKey(item: SourceNode): string | undefined {
  if (item.kind === "scalar") return String(item.value);
  const target = item.kind === "map" ? (item.entries.get("target") ?? item.entries.get("source")) : undefined;
  return target?.kind === "scalar" ? String(target.value) : undefined;
}
