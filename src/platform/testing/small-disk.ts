import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { skipUnless } from "./parts.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A disk of `sizeMiB`, to fill it up. Where this process may not mount one, the test is skipped aloud (under `CI=true` it fails)
 *  and undefined comes back: `using disk = mountSmallDisk(context); if (disk === undefined) return;` */
export function mountSmallDisk(
  context: TestContext,
  { sizeMiB = 4 }: { sizeMiB?: number } = {},
): (Disposable & { readonly path: string }) | undefined {
  using made = new DisposableStack();
  const directory = made.use(temporaryDirectory());
  const path = join(directory.path, "disk");
  mkdirSync(path);
  const skip = skipUnless(
    tryMount(path, sizeMiB),
    "the right to mount a small disk",
    "run the tests as root, with CAP_SYS_ADMIN",
  );
  if (skip !== false) {
    context.skip(skip);
    return undefined;
  }
  made.defer(() => execFileSync("umount", [path]));
  const lifetime = made.move();
  return { path, [Symbol.dispose]: () => lifetime.dispose() };
}

function tryMount(path: string, sizeMiB: number): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m,mode=0777`, "tmpfs", path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
