/** `configs` and `secrets` that are files of the host: mounted into the containers that name them, to be read. */
import { hostPathOf } from "./mounts.ts";
import type { MountSpec } from "./project.ts";
import type { Reader } from "./reader.ts";
import { isNothing, type SourceNode } from "./source-tree.ts";

type Kind = "configs" | "secrets";

/** Their paths on the host, by their names in the file. */
export type SharedFiles = Readonly<Record<Kind, ReadonlyMap<string, string>>>;

const directories = { configs: "/", secrets: "/run/secrets/" } as const;

/** The top-level section. */
export function readSharedFiles(node: SourceNode | undefined, read: Reader): ReadonlyMap<string, string> {
  const files = [...read.entries(node)].map(([name, value]) => {
    const { file } = read.fields(value, {
      reads: ["file"],
      refuses: ["content", "environment", "external", "name", "labels", "driver", "driver_opts", "template_driver"],
    });
    const path = read.text(file);
    if (path === undefined) read.complain(value.place, "needs a file: only files of the host are supported here");
    return [name, path === undefined ? "" : hostPathOf(file!, path)] as const;
  });
  return new Map(files);
}

/** What a service asks for. */
export function readFileMounts(
  kind: Kind,
  node: SourceNode | undefined,
  files: SharedFiles,
  read: Reader,
): readonly MountSpec[] {
  return read.items(node).flatMap((item): MountSpec[] => {
    const { source, target } = item.kind === "map" ? readLong(item, read) : { source: read.text(item) };
    const path = files[kind].get(source ?? "");
    if (path === undefined) {
      read.complain(item.place, `names ${JSON.stringify(source ?? "")}, which is not among the ${kind} of the file`);
      return [];
    }
    const place = target ?? source ?? "";
    const inside = place.startsWith("/") ? place : `${directories[kind]}${place}`;
    return [{ kind: "bind", source: path, target: inside, readOnly: true, createHostPath: false }];
  });
}

function readLong(item: SourceNode, read: Reader): { source?: string; target?: string } {
  const found = read.fields(item, { reads: ["source", "target"], refuses: ["uid", "gid", "mode"] });
  if (isNothing(found.source)) read.complain(item.place, "needs a source");
  return { source: read.text(found.source), target: read.text(found.target) };
}
