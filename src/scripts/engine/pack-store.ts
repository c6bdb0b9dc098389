/** Where heaps are kept: each one's pack, and which other packs it is read from. A pack never changes. */

export interface HeapName {
  readonly teamId: string;
  /** By its content. */
  readonly id: string;
}

export interface NewPack {
  /** Never used before. */
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Ids of the other packs that its heap is read from. */
  readonly sources: readonly string[];
}

/** A heap that one commit makes the team's: what of it is too large for that has been stored already. */
export interface StagedHeap extends HeapName {
  readonly packId: string;
  /** Null: they are stored by themselves. */
  readonly bytes: Uint8Array | null;
  readonly sources: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface PackStore {
  /** Stores a heap with its pack; resolves when both are safe from a crash. From then on all packs that it is read from stay as long as
   *  the heap does. A heap that is there already stays as it is.
   *  @throws {YardError} conflict: one of `sources` has gone, and nothing was stored */
  put(heap: HeapName, pack: NewPack): Promise<void>;
  /** The first half of `put`, for who commits the heap together with something else. */
  stage(heap: HeapName, pack: NewPack): Promise<StagedHeap>;
  /** The id of the heap's own pack, if it is there. It counts as used now: nobody collects it soon. */
  use(heap: HeapName): Promise<string | undefined>;
  /** A heap's own pack. @throws {YardError} not_found */
  find(heap: HeapName): Promise<{ readonly id: string; readonly bytes: Buffer }>;
  /** @throws {YardError} not_found */
  get(packId: string): Promise<Buffer>;
}
