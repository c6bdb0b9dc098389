/** Which images an engine's process has already, so that a chain of steps sends none. They are named by numbers of the pool's choosing, all belong to
 *  one team, and are forgotten when the process runs something of another. */

export interface HeapCache {
  /** To be called before anything else of a run. What belongs to another is forgotten. */
  claim(owner: string): void;
  has(heapId: string): boolean;
  /** @returns its number, and whether the process has yet to be sent it */
  use(heapId: string, bytes: number): { readonly token: number; readonly isNew: boolean };
  /** A number for what the run leaves. */
  reserve(): number;
  /** What it left has this id. */
  kept(heapId: string, bytes: number): void;
  /** Numbers that the process may drop. */
  takeForgotten(): number[];
}

const mostImages = 4;
/** Of all of them, but for the newest. */
const mostBytes = 32 * 1024 ** 2;

export function createHeapCache(): HeapCache {
  /** Oldest use first. */
  const images = new Map<string, { readonly token: number; readonly bytes: number }>();
  let owner: string | undefined;
  let last = 0;
  let reserved: number | undefined;
  let forgotten: number[] = [];

  function remember(heapId: string, image: { token: number; bytes: number }): void {
    const known = images.get(heapId);
    if (known !== undefined && known.token !== image.token) forgotten.push(known.token);
    images.delete(heapId);
    images.set(heapId, image);
    let total = [...images.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [oldest, { bytes }] of images) {
      if (oldest === heapId || (images.size <= mostImages && total <= mostBytes)) break;
      total -= bytes;
      forget(oldest);
    }
  }

  function forget(heapId: string): void {
    forgotten.push(images.get(heapId)!.token);
    images.delete(heapId);
  }

  return {
    claim(next) {
      if (reserved !== undefined) forgotten.push(reserved); // of a run that kept nothing
      reserved = undefined;
      if (owner !== next) for (const heapId of [...images.keys()]) forget(heapId);
      owner = next;
    },
    has: (heapId) => images.has(heapId),
    use(heapId, bytes) {
      const known = images.get(heapId);
      const image = known ?? { token: ++last, bytes };
      remember(heapId, image);
      return { token: image.token, isNew: known === undefined };
    },
    reserve() {
      reserved = ++last;
      return reserved;
    },
    kept(heapId, bytes) {
      if (reserved !== undefined) remember(heapId, { token: reserved, bytes });
      reserved = undefined;
    },
    takeForgotten() {
      const dropped = forgotten;
      forgotten = [];
      return dropped;
    },
  };
}
