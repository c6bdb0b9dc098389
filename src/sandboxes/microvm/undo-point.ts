/** A disk as it was when a machine on it went on from its memory. Both are kept until that machine has answered: one that does not come to itself is ended, its disk
 *  goes back to that point, and the memory fits it again. The point is a snapshot inside the last layer (qcow2): it costs a table, and what is written meanwhile. */
import { basename, dirname } from "node:path";
import { confined } from "./confined.ts";
import type { Machine } from "./machine.ts";
import type { Programs } from "./programs.ts";
import { runQemuImg } from "./qemu-img.ts";

/** A layer that no machine has open. */
export interface RestingLayer {
  readonly programs: Pick<Programs, "qemuImg" | "bwrap" | "setpriv">;
  readonly path: string;
  /** Who owns it. */
  readonly uid: number;
}

/** Of the layer that a machine will write to, which stands still. @throws {YardError} storage_full, unavailable; the disk is as it was then */
export async function makeUndoPoint({ qmp }: Machine, layer: string, name: string): Promise<void> {
  await qmp.run("blockdev-snapshot-internal-sync", { device: layer, name });
}

/** The disk is as it was at the point, which is gone. Whoever died in the middle of it can do it again. @throws {YardError} storage_full, unavailable */
export async function goBackTo(layer: RestingLayer, name: string): Promise<void> {
  if (!(await hasUndoPoint(layer, name))) return;
  await snapshot(layer, "-a", name);
  await snapshot(layer, "-d", name);
}

/** The disk stays as it is, and the point is gone. @throws {YardError} storage_full, unavailable */
export async function dropUndoPoint(layer: RestingLayer, name: string): Promise<void> {
  if (await hasUndoPoint(layer, name)) await snapshot(layer, "-d", name);
}

/** The same of a layer that a machine writes to. @throws {YardError} unavailable */
export async function dropUndoPointOf({ qmp }: Machine, layer: string, name: string): Promise<void> {
  await qmp.run("blockdev-snapshot-delete-internal-sync", { device: layer, name });
}

async function hasUndoPoint(layer: RestingLayer, name: string): Promise<boolean> {
  return (await snapshot(layer, "-l")).split(/\s+/).includes(name);
}

/** As the machine's own user, and with a view of its disk alone: whoever took over its emulator could have made a disk that names other files. */
function snapshot({ programs, path, uid }: RestingLayer, ...what: readonly string[]): Promise<string> {
  const surroundings = ["--bind", dirname(path), "/machine"];
  const argv = [programs.qemuImg, "snapshot", ...what, `/machine/${basename(path)}`];
  const [file = "", ...args] = confined(programs, { surroundings, uid }, argv);
  return runQemuImg(file, args, "The disk of the machine cannot be changed");
}
