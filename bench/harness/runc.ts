/** A bundle of runc's own making, as `runc spec` writes it, with the host's busybox. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeBusyboxRoot } from "./busybox-root.ts";
import type { Bench } from "./figure.ts";
import { run } from "./run.ts";
import { openTemporaryDirectory } from "./temporary.ts";

export interface RuncPeer extends AsyncDisposable {
  /** `runc run` of `true`, to its end. */
  live(): Promise<void>;
}

export async function openRunc(bench: Bench): Promise<RuncPeer> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await openTemporaryDirectory(bench, "runc"));
  const bundle = join(directory.path, "bundle");
  const state = join(directory.path, "state");
  await mkdir(bundle);
  await makeBusyboxRoot(join(bundle, "rootfs"));
  await run(bench, "runc", ["spec"], { cwd: bundle });
  const path = join(bundle, "config.json");
  const spec: { process: { terminal: boolean; args: string[] } } = JSON.parse(await readFile(path, "utf8"));
  Object.assign(spec.process, { terminal: false, args: ["true"] });
  await writeFile(path, JSON.stringify(spec));
  let count = 0;
  const lifetime = opened.move();
  return {
    live: () => run(bench, "runc", ["--root", state, "run", "--bundle", bundle, `bench-${process.pid}-${count++}`]),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
