/** Merging what one path is on three sides, where that is a file or a symbolic link, or nothing. */
import { hash } from "node:crypto";
import { type Entry, fileMode, isSameEntry, type LeafEntry } from "./entry.ts";
import { FileContent, readContent } from "./file-content.ts";
import { mergeTexts } from "./merge-text.ts";
import type { ObjectId } from "./object.ts";
import type { ObjectWriter } from "./object-writer.ts";

export interface Sides<T> {
  readonly base: T;
  readonly ours: T;
  readonly theirs: T;
}

export type ConflictKind = "text" | "binary" | "sqlite" | "modify/delete";

export interface MergeConflict extends Sides<ObjectId | null> {
  /** Without a leading `/`. */
  readonly path: string;
  readonly kind: ConflictKind;
  /** Of texts alone: the file with markers, and what each side changed, as unified diffs. */
  readonly text?: { readonly markers: string; readonly diffOurs: string; readonly diffTheirs: string };
}

/** Larger files are not read to see whether they are texts: they are binary. */
const mostTextBytes = 8 * 1024 ** 2;
const sqliteHeader = Buffer.from("SQLite format 3\0");

/** Of three values, the one that only one side has changed to. Undefined when both have, differently. */
export function pickChanged<T>(
  { base, ours, theirs }: Sides<T>,
  isSame: (a: T, b: T) => boolean,
): { picked: T } | undefined {
  if (isSame(ours, theirs) || isSame(theirs, base)) return { picked: ours };
  return isSame(ours, base) ? { picked: theirs } : undefined;
}

/** @returns the entry (undefined: there is none any more), or why there cannot be one */
export async function mergeLeaf(
  writer: ObjectWriter,
  path: string,
  sides: Sides<LeafEntry | undefined>,
): Promise<{ readonly merged: LeafEntry | undefined } | { readonly conflict: MergeConflict }> {
  const changed = pickChanged(sides, isSameEntry);
  if (changed !== undefined) return { merged: changed.picked };
  const ids = idsOf(sides);
  if (sides.ours === undefined || sides.theirs === undefined)
    return { conflict: { path, kind: "modify/delete", ...ids } };
  const contents = {
    base: await sniff(writer, sides.base),
    ours: await sniff(writer, sides.ours),
    theirs: await sniff(writer, sides.theirs),
  };
  if (contents.ours.kind !== "text" || contents.theirs.kind !== "text") {
    const kind = contents.ours.kind === contents.theirs.kind ? contents.ours.kind : "binary";
    return { conflict: { path, kind, ...ids } };
  }
  const text = mergeTexts({
    base: contents.base.kind === "text" ? contents.base.text : "",
    ours: contents.ours.text,
    theirs: contents.theirs.text,
  });
  const mode = pickChanged(
    { base: modeOf(sides.base), ours: modeOf(sides.ours), theirs: modeOf(sides.theirs) },
    Object.is,
  );
  if ("merged" in text && mode !== undefined) {
    const content = new FileContent(writer);
    await content.append(Buffer.from(text.merged));
    return { merged: { type: "file", mode: mode.picked ?? fileMode, ...(await content.store()) } };
  }
  const { markers, diffOurs, diffTheirs } = "merged" in text ? onlyModes(contents.ours.text) : text;
  return { conflict: { path, kind: "text", ...ids, text: { markers, diffOurs, diffTheirs } } };
}

/** The lines merge, the permissions do not: there is nothing to show of the text. */
function onlyModes(text: string) {
  return { markers: text, diffOurs: "", diffTheirs: "" };
}

type Content = { readonly kind: "text"; readonly text: string } | { readonly kind: "binary" | "sqlite" };

async function sniff(writer: ObjectWriter, entry: LeafEntry | undefined): Promise<Content> {
  if (entry === undefined) return { kind: "text", text: "" };
  if (entry.type === "symlink") return { kind: "binary" };
  const head = await readContent(writer.source, entry, { offset: 0, length: sqliteHeader.length });
  if (head.equals(sqliteHeader)) return { kind: "sqlite" };
  if (entry.size > mostTextBytes) return { kind: "binary" };
  const bytes = await readContent(writer.source, entry, { offset: 0, length: entry.size });
  if (bytes.includes(0)) return { kind: "binary" };
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { kind: "binary" };
  }
}

function modeOf(entry: LeafEntry | undefined): number | undefined {
  return entry?.type === "file" ? entry.mode : undefined;
}

export function idsOf({ base, ours, theirs }: Sides<Entry | undefined>): Sides<ObjectId | null> {
  return { base: idOfEntry(base), ours: idOfEntry(ours), theirs: idOfEntry(theirs) };
}

/** What tells this entry from another of the same path. No one can read anything by it. */
function idOfEntry(entry: Entry | undefined): ObjectId | null {
  switch (entry?.type) {
    case undefined:
      return null;
    case "file":
      return hash("sha256", `file ${entry.mode} ${entry.content}`);
    case "symlink":
      return hash("sha256", `symlink ${entry.target}`);
    case "directory":
      return hash("sha256", `directory ${entry.mode} ${entry.page}`);
  }
}
