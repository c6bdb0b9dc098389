/** Remembers what verified credentials stand for: checking a signature anew costs more than the rest of a request. Bounded, the least
 *  recently used go first. Entries carry tags (`session:…`, `user:…`) by which a change drops them. */

/** A moment in the cache's life: what was read before it may already be outdated. */
export type CacheTicket = number;

export class CredentialCache<T extends { readonly tags: readonly string[] }> {
  readonly #limit: number;
  readonly #entries = new Map<string, T>();
  readonly #byTag = new Map<string, Set<string>>();
  #drops = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(credential: string): T | undefined {
    return this.#entries.get(credential);
  }

  /** Take one before reading the database, and hand it to `set`. */
  ticket(): CacheTicket {
    return this.#drops;
  }

  /** Keeps nothing if anything was dropped since the ticket: the entry may have been read just before a revocation was saved. */
  set(credential: string, entry: T, ticket: CacheTicket): void {
    this.delete(credential);
    if (ticket !== this.#drops) return;
    this.#entries.set(credential, entry);
    for (const tag of entry.tags) {
      const tagged = this.#byTag.get(tag);
      if (tagged) tagged.add(credential);
      else this.#byTag.set(tag, new Set([credential]));
    }
    if (this.#entries.size > this.#limit) this.#evictOldest();
  }

  delete(credential: string): void {
    const entry = this.#entries.get(credential);
    if (!entry) return;
    this.#entries.delete(credential);
    for (const tag of entry.tags) {
      const tagged = this.#byTag.get(tag);
      tagged?.delete(credential);
      if (tagged?.size === 0) this.#byTag.delete(tag);
    }
  }

  /** Forgets every entry of `tag`. */
  drop(tag: string): void {
    this.#drops++;
    for (const credential of this.#byTag.get(tag) ?? []) this.delete(credential);
  }

  clear(): void {
    this.#drops++;
    this.#entries.clear();
    this.#byTag.clear();
  }

  /** The oldest entry by its last `set`: one in use is set again every few seconds, so this is the least recently used, at no cost per hit. */
  #evictOldest(): void {
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.delete(oldest.value);
  }
}
