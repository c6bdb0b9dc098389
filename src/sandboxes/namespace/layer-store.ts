/** What sandboxes lie on, on disk: trees, which are whole root file systems, and layers, which are what a sandbox had written on top when it was captured.
 *
 *      trees/<id>/              owners as in the archive: shown to sandboxes shifted
 *      layers/<id>/own/<place>  owners as on the host. `own` is a directory, or, of a sandbox whose disk was limited,
 *      layers/<id>/image        the file system that is mounted there
 *
 *  Neither changes any more. What no template and no sandbox lies on is removed. */
import { existsSync, mkdirSync, readdirSync, statfsSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { mounts } from "../../platform/process/mounts.ts";
import { bytesOnDisk } from "./disk-tools.ts";
import { mountImage } from "./image-mounts.ts";
import { mergeLayers } from "./layer-merge.ts";
import { isDirectory, makeMinimalTree, systemDirectories } from "./minimal-tree.ts";

/** Serialisable. */
export interface Ground {
  readonly tree: string;
  /** Layers on it, the latest first. */
  readonly overlays: readonly string[];
}

/** One directory of a root file system, and where its unchanging parts are on the host. */
export interface Layer {
  readonly at: string;
  readonly from: string;
  /** On top of `from`, the topmost first. */
  readonly over: readonly string[];
}

export interface LayerStore {
  /** The tree that is made of the host's own programs; made anew after each start of the agent, as they may have changed. */
  minimal(): string;
  /** As a template says it: of this tree, whichever it is at the time. */
  general(ground: Ground): Ground;
  particular(ground: Ground): Ground;
  /** The root first. @throws {YardError} not_found, if the tree is gone */
  layersOf(ground: Ground): Promise<readonly Layer[]>;
  /** Nothing is removed until it is disposed of: for what is made and not yet recorded. */
  hold(): Disposable;
  /** A directory to be made. */
  newTree(): NewPart;
  newLayer(): NewPart;
  /** Whether what it is made of has been moved there. */
  has(layer: string): boolean;
  /** The same with fewer layers, where they have become too many for the kernel. */
  shorten(ground: Ground): Promise<Ground>;
  sizeOf(ground: Ground): Promise<number>;
  /** Removes what nothing lies on; a while later, where it is held. */
  collect(): Promise<void>;
  /** No sandbox lives: nothing needs to be mounted. */
  unmount(): void;
}

export interface NewPart {
  readonly id: string;
  readonly path: string;
}

const minimalPrefix = "minimal_";
const anyMinimal = "minimal";
/** The kernel takes their paths in one page. */
const mostOverlays = 16;

/** Name of the directory that takes what is written to this part of a root file system. */
export function placeName(at: string): string {
  return at === "/" ? "root" : at.slice(1).replaceAll("/", "~");
}

/** A file in a layer that is, or is about to be, an image. */
export const imageSign = "is-image";

/** Of the directory beside it that the kernel works in. */
export const workSuffix = ".work";

/** @param grounds what all templates and sandboxes lie on */
export function openLayerStore(directory: string, grounds: () => Iterable<Ground>): LayerStore {
  const [trees, layers] = [join(directory, "trees"), join(directory, "layers")];
  for (const one of [trees, layers]) mkdirSync(one, { recursive: true, mode: 0o700 });
  const holds = new Set<Disposable>();
  let isDue = false;
  let minimal: string | undefined;
  let collecting = Promise.resolve();

  function hold(): Disposable {
    const one: Disposable = {
      [Symbol.dispose]() {
        holds.delete(one);
        if (isDue && holds.size === 0) void collectInTurn();
      },
    };
    holds.add(one);
    return one;
  }

  async function requireMounted(id: string): Promise<void> {
    const image = join(layers, id, "image");
    if (existsSync(image) && !isMounted(layers, id)) await mountImage(image, ownOf(layers, id), { readOnly: true });
  }

  async function collect(): Promise<void> {
    isDue = holds.size > 0;
    if (isDue) return;
    // At one moment, all of it: what is made from now on is not among them.
    const used = new Set(minimal ? [minimal] : []);
    for (const { tree, overlays } of grounds()) for (const id of [tree, ...overlays]) used.add(id);
    const unused = (parent: string) => readdirSync(parent).filter((id) => !used.has(id));
    const [oldTrees, oldLayers] = [unused(trees), unused(layers)];
    for (const id of oldTrees) await rm(join(trees, id), { recursive: true, force: true });
    for (const id of oldLayers) {
      if (isMounted(layers, id)) mounts().unmount(ownOf(layers, id));
      await rm(join(layers, id), { recursive: true, force: true });
    }
  }

  function collectInTurn(): Promise<void> {
    collecting = collecting.then(collect, collect);
    return collecting;
  }

  function requireMinimal(): string {
    if (!minimal) {
      const id = newId("minimal", Date.now());
      makeMinimalTree(join(trees, id));
      minimal = id;
    }
    return minimal;
  }

  return {
    minimal: requireMinimal,
    general: ({ tree, overlays }) => ({ tree: tree.startsWith(minimalPrefix) ? anyMinimal : tree, overlays }),
    particular: ({ tree, overlays }) => ({ tree: tree === anyMinimal ? requireMinimal() : tree, overlays }),
    async layersOf({ tree, overlays }) {
      const root = join(trees, tree);
      if (!existsSync(root)) throw new YardError("not_found", `The tree ${tree} is gone.`, { field: "template" });
      for (const id of overlays) await requireMounted(id);
      const layerAt = (at: string, from: string): Layer => {
        const places = overlays.map((id) => join(ownOf(layers, id), placeName(at)));
        return { at, from, over: places.filter((path) => existsSync(path)) };
      };
      const shared = tree.startsWith(minimalPrefix) ? systemDirectories.filter((one) => isDirectory(`/${one}`)) : [];
      return [layerAt("/", root), ...shared.map((one) => layerAt(`/${one}`, `/${one}`))];
    },
    hold,
    newTree: () => partIn(trees, newId("tree", Date.now())),
    newLayer: () => partIn(layers, newId("layer", Date.now())),
    has: (id) => {
      const isImage = existsSync(join(layers, id, imageSign));
      return existsSync(isImage ? join(layers, id, "image") : ownOf(layers, id));
    },
    async shorten(ground) {
      if (ground.overlays.length <= mostOverlays) return ground;
      for (const id of ground.overlays) await requireMounted(id);
      const merged = newId("layer", Date.now());
      const places = new Set(ground.overlays.flatMap((id) => readdirSync(ownOf(layers, id))));
      for (const place of places) {
        if (place.endsWith(workSuffix) || place === "lost+found") continue;
        const sources = ground.overlays.map((id) => join(ownOf(layers, id), place));
        await mergeLayers(sources, join(ownOf(layers, merged), place));
      }
      return { tree: ground.tree, overlays: [merged] };
    },
    async sizeOf({ tree, overlays }) {
      for (const id of overlays) await requireMounted(id);
      const paths = overlays.map((id) => join(layers, id));
      if (tree !== anyMinimal && !tree.startsWith(minimalPrefix)) paths.push(join(trees, tree));
      const sizes = await Promise.all(paths.map(sizeOfLayer));
      return sizes.reduce((sum, bytes) => sum + bytes, 0);
    },
    collect: collectInTurn,
    unmount() {
      for (const id of readdirSync(layers)) if (isMounted(layers, id)) mounts().unmount(ownOf(layers, id));
    },
  };
}

const partIn = (parent: string, id: string): NewPart => ({ id, path: join(parent, id) });
const ownOf = (layers: string, id: string) => join(layers, id, "own");

function isMounted(layers: string, id: string): boolean {
  const own = statSync(ownOf(layers, id), { throwIfNoEntry: false });
  return own !== undefined && own.dev !== statSync(join(layers, id)).dev;
}

/** An image takes what is in it: its file may not have been given all of that yet. */
async function sizeOfLayer(path: string): Promise<number> {
  if (!existsSync(join(path, "image"))) return bytesOnDisk(path);
  const { blocks, bfree, bsize } = statfsSync(join(path, "own"));
  return (blocks - bfree) * bsize;
}
