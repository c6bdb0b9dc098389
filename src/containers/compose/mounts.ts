/** Mounts of a service: `data:/var/lib`, `./conf:/etc/app:ro`, `/tmp/x`, or spelled out. */
import path from "node:path";
import type { MountSpec } from "./project.ts";
import type { Reader } from "./reader.ts";
import type { SourceNode } from "./source-tree.ts";

const propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;
const relabels = ["z", "Z"] as const;
/** What Docker's desktop editions heed. */
const withoutEffect = ["consistent", "cached", "delegated", "rw"];

export function readMounts(node: SourceNode | undefined, read: Reader): readonly MountSpec[] {
  const mounts = new Map<string, MountSpec>();
  for (const item of read.items(node)) {
    const mount = item.kind === "map" ? readLong(item, read) : readShort(item, read);
    if (mount === undefined) continue;
    if (!mount.target.startsWith("/"))
      read.complain(item.place, `must have an absolute path in the container, and not ${JSON.stringify(mount.target)}`);
    else if (mounts.has(mount.target)) read.complain(item.place, `mounts ${mount.target} a second time`);
    mounts.set(mount.target, mount);
  }
  return [...mounts.values()];
}

/** What makes two entries one: for merging. */
export function mountKey(item: SourceNode): string | undefined {
  if (item.kind === "scalar") return path.posix.normalize(splitShort(String(item.value)).target);
  const target = item.kind === "map" ? item.entries.get("target") : undefined;
  return target?.kind === "scalar" ? path.posix.normalize(String(target.value)) : undefined;
}

/** Where a path of a file leads: relative ones begin at the directory of that file. */
export function hostPathOf(node: SourceNode, text: string): string {
  return path.resolve(path.dirname(node.place.file), text);
}

interface ShortMount {
  readonly source?: string;
  readonly target: string;
  readonly options: readonly string[];
}

function splitShort(text: string): ShortMount {
  const [first = "", second, options] = text.split(":");
  return second === undefined
    ? { target: first, options: [] }
    : { source: first, target: second, options: options?.split(",") ?? [] };
}

function readShort(item: SourceNode, read: Reader): MountSpec | undefined {
  const text = read.text(item);
  if (text === undefined || text === "")
    return read.complain(item.place, "must be a mount, such as data:/var/lib/data");
  if (text.split(":").length > 3) return read.complain(item.place, "has more than source, target and options");
  const { source, target, options } = splitShort(text);
  const known = ["ro", "nocopy", ...propagations, ...relabels, ...withoutEffect];
  const unknown = options.filter((option) => !known.includes(option));
  if (unknown.length > 0)
    return read.complain(item.place, `has the option ${unknown.join(", ")}, which is not supported here`);
  const readOnly = options.includes("ro");
  const noCopy = options.includes("nocopy");
  if (source === undefined) return { kind: "volume", target, readOnly, noCopy };
  if (!/^[./~]/.test(source)) return { kind: "volume", source, target, readOnly, noCopy };
  return bind(item, read, source, {
    target,
    readOnly,
    createHostPath: true,
    propagation: propagations.find((one) => options.includes(one)),
    relabel: relabels.find((one) => options.includes(one)),
  });
}

type BindFacts = Omit<Extract<MountSpec, { kind: "bind" }>, "kind" | "source">;

function bind(
  node: SourceNode,
  read: Reader,
  source: string,
  { propagation, relabel, ...facts }: BindFacts & { propagation?: string; relabel?: "z" | "Z" },
): MountSpec | undefined {
  if (source.startsWith("~"))
    return read.complain(node.place, "begins with ~, which is nobody's home directory here: write the whole path");
  return {
    kind: "bind",
    source: hostPathOf(node, source),
    ...facts,
    ...(propagation !== undefined && { propagation }),
    ...(relabel !== undefined && { relabel }),
  };
}

function readLong(item: SourceNode, read: Reader): MountSpec | undefined {
  const found = read.fields(item, {
    reads: ["type", "source", "target", "read_only", "bind", "volume", "tmpfs"],
    ignores: ["consistency"],
    refuses: ["image"],
  });
  const type = read.choice(found.type, ["bind", "volume", "tmpfs"]);
  const target = read.text(found.target);
  if (found.type === undefined) return read.complain(item.place, "needs a type: bind, volume or tmpfs");
  if (type === undefined) return undefined;
  if (target === undefined) return read.complain(item.place, "needs a target: a path in the container");
  const readOnly = read.flag(found.read_only) ?? false;
  const ofBind = read.fields(found.bind, {
    reads: ["propagation", "create_host_path", "selinux"],
    refuses: ["recursive"],
  });
  const ofVolume = read.fields(found.volume, { reads: ["nocopy"], refuses: ["subpath", "labels"] });
  const ofTmpfs = read.fields(found.tmpfs, { reads: ["size", "mode"] });
  if (type === "tmpfs")
    return tmpfs(
      target,
      read.bytes(ofTmpfs.size),
      read.parsed(ofTmpfs.mode, parseMode, "permissions in octal, such as 1777"),
    );
  const source = read.text(found.source);
  if (type === "volume") {
    const noCopy = read.flag(ofVolume.nocopy) ?? false;
    return { kind: "volume", ...(source && { source }), target, readOnly, noCopy };
  }
  if (source === undefined || source === "") return read.complain(item.place, "needs a source: a path of the host");
  const createHostPath = read.flag(ofBind.create_host_path) ?? true;
  return bind(item, read, source, {
    target,
    readOnly,
    createHostPath,
    propagation: read.choice(ofBind.propagation, propagations),
    relabel: read.choice(ofBind.selinux, relabels),
  });
}

function tmpfs(target: string, bytes: number | undefined, mode: number | undefined): MountSpec {
  return { kind: "tmpfs", target, ...(bytes !== undefined && { bytes }), ...(mode !== undefined && { mode }) };
}

function parseMode(text: string): number | undefined {
  return /^0?[0-7]{3,4}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
