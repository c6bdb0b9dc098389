/** A disk as it was when a machine on it went on from its memory. Both are kept until that machine has answered: one that does not come to itself is ended, its disk
 *  goes back to that point, and the memory fits it again. The point is a snapshot inside the last layer (qcow2): it costs a table, and what is written meanwhile. */
import type { Machine } from "./machine.ts";
import { runQemuImg } from "./qemu-img.ts";

/** A layer that no machine has open. */
export interface RestingLayer {
  readonly qemuImg: string;
  readonly path: string;
}

const what = "The disk of the machine cannot be changed";

/** @throws {YardError} storage_full, unavailable; the disk is as it was then */
export async function makeUndoPoint({ qemuImg, path }: RestingLayer, name: string): Promise<void> {
  await runQemuImg(qemuImg, ["snapshot", "-c", name, path], what);
}

/** The disk is as it was at the point, which is gone. Whoever died in the middle of it can do it again. @throws {YardError} storage_full, unavailable */
export async function goBackTo(layer: RestingLayer, name: string): Promise<void> {
  if (!(await hasUndoPoint(layer, name))) return;
  await runQemuImg(layer.qemuImg, ["snapshot", "-a", name, layer.path], what);
  await runQemuImg(layer.qemuImg, ["snapshot", "-d", name, layer.path], what);
}

/** The disk stays as it is, and the point is gone. @throws {YardError} storage_full, unavailable */
export async function dropUndoPoint(layer: RestingLayer, name: string): Promise<void> {
  if (await hasUndoPoint(layer, name)) await runQemuImg(layer.qemuImg, ["snapshot", "-d", name, layer.path], what);
}

/** The same of a layer that a machine writes to. @throws {YardError} unavailable */
export async function dropUndoPointOf(machine: Machine, layer: string, name: string): Promise<void> {
  await machine.qmp.run("blockdev-snapshot-delete-internal-sync", { device: layer, name });
}

async function hasUndoPoint({ qemuImg, path }: RestingLayer, name: string): Promise<boolean> {
  return (await runQemuImg(qemuImg, ["snapshot", "-l", path], what)).split(/\s+/).includes(name);
}
