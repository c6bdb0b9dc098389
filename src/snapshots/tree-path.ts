/** Paths inside a tree. They are names only: nothing here or behind it ever touches the host's file system with one. */
import { TreeError } from "./tree-error.ts";

const maxNameBytes = 255;
const maxPathBytes = 4_096;

/** The names of a path from the root. A leading `/`, empty parts and `.` are dropped; `..` goes up, and at the root stays there: there
 *  is no way out.
 *  @throws {TreeError} EINVAL (NUL, text that has no UTF-8 form), ENAMETOOLONG */
export function parseTreePath(path: string): readonly string[] {
  const names: string[] = [];
  for (const part of checkedParts(path)) {
    if (part === "..") names.pop();
    else names.push(part);
  }
  return names;
}

/** The parts of a symbolic link's target, `..` included: those are followed where the link leads, not in the text. */
export function parseLinkTarget(target: string): { readonly isAbsolute: boolean; readonly parts: readonly string[] } {
  return { isAbsolute: target.startsWith("/"), parts: checkedParts(target) };
}

/** @throws {TreeError} EINVAL, ENAMETOOLONG */
export function checkLinkTarget(target: string): void {
  checkText(target);
  if (target === "") throw new TreeError("EINVAL", target);
}

function checkedParts(path: string): readonly string[] {
  checkText(path);
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.some((part) => Buffer.byteLength(part) > maxNameBytes)) throw new TreeError("ENAMETOOLONG", path);
  return parts;
}

function checkText(path: string): void {
  if (path.includes("\0") || !path.isWellFormed()) throw new TreeError("EINVAL", path);
  if (Buffer.byteLength(path) > maxPathBytes) throw new TreeError("ENAMETOOLONG", path);
}
