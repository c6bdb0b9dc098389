/** Keeps heaps: a chain of steps costs about what changed in each. A heap is stored against the one it came from, and reads back from the packs that its
 *  pages are in; how many those may be is bounded, so that loading stays quick however long the chain.
 *
 *  The same bound is why packs need no rewriting when the heaps go that they were made for: a heap keeps its own pack and at most
 *  {@link mostSources} others, whether its chain had twenty steps or a thousand. */
import { isYardError, YardError } from "../../platform/errors.ts";
import { type HeapImage, heapImage, pagesBeyond } from "./heap-image.ts";
import { decodePack, encodePack, newPackId, type Pack, type PageTable, pageOf, runsOf, tableOf } from "./heap-pack.ts";
import { bytesOf, heapPageBytes } from "./memory-image.ts";
import type { NewPack, PackStore, StagedHeap } from "./pack-store.ts";
import { wasmPageBytes } from "./wasm-memory.ts";

/** Whose heaps. */
export interface HeapTeam {
  readonly id: string;
  /** 32 bytes of its own: what another team, or nobody, has written does not load. */
  readonly key: Uint8Array;
}

export interface HeapStore {
  /** Resolves when it can be loaded again after any crash, and for as long as its heap is not collected.
   *  @param parent what it came from: what they share is stored once. Stored first if it is not there yet
   *  @returns what it took, in bytes: 0 if it was there already */
  save(image: HeapImage, options: { team: HeapTeam; parent?: HeapImage }): Promise<number>;
  /** The same up to the commit, which the caller makes. Without a parent no conflict keeps it from being committed.
   *  @returns undefined if it was there already */
  stage(image: HeapImage, options: { team: HeapTeam; parent?: HeapImage }): Promise<StagedHeap | undefined>;
  /** @throws {YardError} not_found; precondition: damaged, forged, or another team's */
  load(id: string, options: { team: HeapTeam }): Promise<HeapImage>;
}

export interface HeapStoreParts {
  readonly packs: PackStore;
  /** Of images kept in memory. */
  readonly cacheBytes: number;
}

/** Packs that one heap may be read from. Beyond that the pages of the packs that it needs least of are stored again. */
export const mostSources = 16;
const zeroPage = Buffer.alloc(heapPageBytes);

export function createHeapStore({ packs, cacheBytes }: HeapStoreParts): HeapStore {
  const cache = createCache(cacheBytes);
  const saving = new Map<string, Promise<number>>();

  /** Where the pages of a stored heap are. What is remembered may be from before it was collected, and stored again. */
  async function tableFor(image: HeapImage, packId: string, team: HeapTeam): Promise<PageTable> {
    const known = cache.get(cacheKey(team, image.id));
    if (known?.packId === packId) return known.table;
    return tableOf(packId, (await readPack(packId, team)).head);
  }

  async function readPack(id: string, { key }: HeapTeam): Promise<Pack> {
    return decodePack(id, await packs.get(id), key);
  }

  async function write(image: HeapImage, team: HeapTeam, parent: HeapImage | undefined): Promise<number> {
    if (await isStored(image, team)) return 0;
    const inherited = await inheritedFrom(parent, team);
    const bytes = await writePack(image, team, inherited).catch((error: unknown) => {
      if (!isYardError(error, "conflict")) throw error;
      return writePack(image, team, inheritsNothing); // what they share has gone since
    });
    return inherited.storedBytes + bytes;
  }

  async function isStored(image: HeapImage, team: HeapTeam): Promise<boolean> {
    return (await packs.use({ teamId: team.id, id: image.id })) !== undefined;
  }

  async function inheritedFrom(parent: HeapImage | undefined, team: HeapTeam): Promise<Inherited> {
    if (parent === undefined) return inheritsNothing;
    const name = { teamId: team.id, id: parent.id };
    const known = await packs.use(name);
    const storedBytes = known === undefined ? await saveOnce(parent, team, undefined) : 0;
    const packId = known ?? (await packs.use(name));
    if (packId === undefined) return { ...inheritsNothing, storedBytes }; // its team is being removed
    return { parent, table: await tableFor(parent, packId, team), storedBytes };
  }

  async function writePack(image: HeapImage, team: HeapTeam, inherited: Inherited): Promise<number> {
    const pack = makePack(image, team, inherited);
    await packs.put({ teamId: team.id, id: image.id }, pack);
    return pack.bytes.length;
  }

  /** It is remembered before it is stored: what is remembered of a heap counts only as long as the store has it under that pack. */
  function makePack(image: HeapImage, team: HeapTeam, { parent, table: inherited }: Inherited): NewPack {
    const packId = newPackId();
    const { pack, table } = packOf(packId, image, parent, inherited);
    cache.set(cacheKey(team, image.id), { image, packId, table });
    return { id: packId, bytes: encodePack(packId, pack, team.key), sources: pack.head.sources };
  }

  /** One at a time for each heap, so that none is written twice. */
  function saveOnce(image: HeapImage, team: HeapTeam, parent: HeapImage | undefined): Promise<number> {
    const key = cacheKey(team, image.id);
    const running = saving.get(key) ?? write(image, team, parent).finally(() => saving.delete(key));
    saving.set(key, running);
    return running;
  }

  return {
    save: (image, { team, parent }) => saveOnce(image, team, parent),
    async stage(image, { team, parent }) {
      if (await isStored(image, team)) return undefined;
      const pack = makePack(image, team, await inheritedFrom(parent, team));
      return await packs.stage({ teamId: team.id, id: image.id }, pack);
    },
    async load(id, { team }) {
      if (!/^[0-9a-f]{64}$/.test(id))
        throw new YardError("not_found", `There is no heap ${JSON.stringify(id)}.`, { field: "heap" });
      const key = cacheKey(team, id);
      const known = cache.get(key);
      if (known) return known.image;
      const { id: packId, bytes } = await packs.find({ teamId: team.id, id });
      const own = decodePack(packId, bytes, team.key);
      const others = await Promise.all(
        own.head.sources.map(async (source) => [source, await readPack(source, team)] as const),
      );
      const table = tableOf(packId, own.head);
      const image = assemble(id, own, table, new Map([[packId, own], ...others]));
      cache.set(key, { image, packId, table });
      return image;
    },
  };
}

/** What an image need not bring itself. */
interface Inherited {
  readonly parent?: HeapImage;
  /** Where the parent's pages are. */
  readonly table: PageTable;
  /** What it took to store the parent. */
  readonly storedBytes: number;
}

const inheritsNothing: Inherited = { table: new Map(), storedBytes: 0 };

/** What has to be stored of `image`, and where all of its pages are then. */
function packOf(
  packId: string,
  image: HeapImage,
  parent: HeapImage | undefined,
  inherited: PageTable,
): { pack: Pack; table: PageTable } {
  const { build, stackPointer, hooks } = image;
  const table = new Map(inherited);
  for (const page of pagesBeyond(image, parent)) table.set(page, { pack: packId, place: 0 });
  foldSources(packId, table);
  const chunks: Uint8Array[] = [];
  for (const [page, { pack }] of table) {
    if (pack !== packId) continue;
    const content = image.pages[page]!;
    if (zeroPage.equals(content)) table.delete(page);
    else table.set(page, { pack: packId, place: chunks.push(content) - 1 });
  }
  const head = { format: 1 as const, build, bytes: bytesOf(image), stackPointer, hooks, ...runsOf(packId, table) };
  return { pack: { head, pages: Buffer.concat(chunks) }, table };
}

function foldSources(packId: string, table: Map<number, { pack: string; place: number }>): void {
  const uses = new Map<string, number>();
  for (const { pack } of table.values()) if (pack !== packId) uses.set(pack, (uses.get(pack) ?? 0) + 1);
  const byUse = [...uses].sort(([, a], [, b]) => b - a);
  const folded = new Set(byUse.slice(uses.size > mostSources ? mostSources / 2 : mostSources).map(([pack]) => pack));
  for (const [page, { pack }] of table) if (folded.has(pack)) table.set(page, { pack: packId, place: 0 });
}

function assemble(id: string, own: Pack, table: PageTable, sources: ReadonlyMap<string, Pack>): HeapImage {
  const { build, bytes, stackPointer, hooks } = own.head;
  const fault = new YardError(
    "precondition",
    `The heap ${id} is not what it was when it was stored: it is not loaded.`,
    {
      field: "heap",
    },
  );
  if (bytes % wasmPageBytes !== 0 || stackPointer > bytes || hooks >= bytes) throw fault;
  const pages = new Array<Uint8Array>(bytes / heapPageBytes).fill(zeroPage);
  for (const [page, { pack, place }] of table) {
    const source = sources.get(pack);
    if (source === undefined || (page + 1) * heapPageBytes > bytes) throw fault;
    pages[page] = new Uint8Array(pageOf(id, source, place)); // and not the whole pack with it
  }
  const image = heapImage(build, { pages, stackPointer, hooks });
  if (image.id !== id) throw fault;
  return image;
}

function cacheKey(team: HeapTeam, id: string): string {
  return `${team.id} ${id}`;
}

interface Cached {
  readonly image: HeapImage;
  readonly packId: string;
  readonly table: PageTable;
}

/** The images used last, up to so many bytes: as if none shared its pages with another, so that it is less. */
function createCache(maxBytes: number) {
  const entries = new Map<string, Cached>();
  let bytes = 0;
  return {
    get(key: string): Cached | undefined {
      const found = entries.get(key);
      if (found) {
        entries.delete(key);
        entries.set(key, found);
      }
      return found;
    },
    set(key: string, entry: Cached): void {
      const replaced = entries.get(key);
      bytes += bytesOf(entry.image) - (replaced ? bytesOf(replaced.image) : 0);
      entries.delete(key);
      entries.set(key, entry);
      for (const [oldest, { image }] of entries) {
        if (bytes <= maxBytes) break;
        entries.delete(oldest);
        bytes -= bytesOf(image);
      }
    },
  };
}
