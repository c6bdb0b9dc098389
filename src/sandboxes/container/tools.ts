/** What we bring along: a static busybox with the two scripts of inside/, in a volume that every container sees read-only. So it needs nothing of the image, which
 *  may be anything, and nothing in there can change it. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { pack } from "tar-stream";
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { findStaticBusybox } from "../../platform/process/static-busybox.ts";
import { attendantScript } from "./inside/attendant-script.ts";
import { toolsPath } from "./inside/paths.ts";
import { runScript } from "./inside/run-script.ts";

export interface Busybox {
  readonly path: string;
  readonly applets: readonly string[];
}

/** A static one of this machine's own kind. */
export async function findBusybox(): Promise<Busybox | undefined> {
  const path = findStaticBusybox();
  if (path === undefined) return undefined;
  const { stdout } = await promisify(execFile)(path, ["--list"], { timeout: 10_000 });
  return { path, applets: stdout.split("\n").filter((name) => /^[A-Za-z0-9_[-]+$/.test(name) && name !== "busybox") };
}

/** Makes the volume, or finds it. Its name is that of what it holds, so that agents of several versions have each their own.
 *  @param image anything to make a container of, which is never started   @returns the name */
export async function ensureTools(engine: Engine, { path, applets }: Busybox, image: string): Promise<string> {
  const busybox = readFileSync(path);
  const hash = createHash("sha256").update(busybox).update(runScript).update(attendantScript).digest("hex");
  const volume = `runyard-tools-${hash.slice(0, 12)}`;
  const name = `runyard-${newId("tools").replace("_", "-")}`;
  await engine.call("make the volume of tools", (docker) =>
    docker.createVolume({ Name: volume, Labels: { "runyard.tools": hash } }),
  );
  const container = await engine.call("make the volume of tools", (docker, abortSignal) =>
    docker.createContainer({
      name,
      Image: image,
      Cmd: ["-"],
      Labels: { "runyard.tools": hash },
      HostConfig: { NetworkMode: "none", Mounts: [{ Type: "volume", Source: volume, Target: toolsPath }] },
      abortSignal,
    }),
  );
  try {
    if (await isThere(engine, container.id, `${toolsPath}/complete`)) return volume;
    const archive = await archiveOf(busybox, applets);
    await engine.call("fill the volume of tools", (_, abortSignal) =>
      container.putArchive(archive, { path: toolsPath, abortSignal }),
    );
    return volume;
  } finally {
    await engine.call("remove a container", (_, abortSignal) => container.remove({ force: true, abortSignal }));
  }
}

async function isThere(engine: Engine, container: string, path: string): Promise<boolean> {
  try {
    await engine.call("look into the volume of tools", (docker, abortSignal) =>
      docker.getContainer(container).infoArchive({ path, abortSignal }),
    );
    return true;
  } catch (error) {
    if (isYardError(error, "not_found")) return false;
    throw error;
  }
}

function archiveOf(busybox: Buffer, applets: readonly string[]): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: "bin/", type: "directory", mode: 0o755 });
  archive.entry({ name: "bin/busybox", mode: 0o755 }, busybox);
  for (const applet of applets) archive.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  archive.entry({ name: "run", mode: 0o644 }, runScript);
  archive.entry({ name: "attendant", mode: 0o644 }, attendantScript);
  archive.entry({ name: "io/", type: "directory", mode: 0o1777 }); // the file system there takes its mode from this
  archive.entry({ name: "complete", mode: 0o644 }, ""); // the last: what is cut off is filled anew
  archive.finalize();
  return buffer(archive);
}

export function noBusybox(): YardError {
  const message =
    "Containers need a static busybox on this machine, to be put into each: apt-get install busybox-static.";
  return new YardError("precondition", message);
}
