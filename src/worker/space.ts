/** Whether there is space for a task: with less, it would fail before it had begun. */
import { statfs } from "node:fs/promises";

const leastBytes = 16 * 1024 ** 2;
/** Looked at no more often than that: short tasks come by the thousand. */
const trustMs = 500;

let looked = { path: "", at: Number.NEGATIVE_INFINITY, enough: true };

export async function hasSpace(path: string): Promise<boolean> {
  if (looked.path === path && performance.now() - looked.at < trustMs) return looked.enough;
  const { bavail, bsize } = await statfs(path);
  looked = { path, at: performance.now(), enough: bavail * bsize >= leastBytes };
  return looked.enough;
}
