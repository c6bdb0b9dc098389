/** The table of apps as it was read last: whoever lists apps lists them again and again, and they change seldom. A change that was made here
 *  is seen by the very next reader; one that another replica made, a second later. */
import type { Clock } from "../platform/clock.ts";
import type { StoredApp } from "./store.ts";

export interface Listing {
  get(): Promise<readonly StoredApp[]>;
  /** The table has changed, or may have. */
  outdate(): void;
}

const recheckMs = 1_000;

interface Reading {
  readonly at: number;
  readonly apps: Promise<readonly StoredApp[]>;
}

export function createListing(clock: Clock, read: () => Promise<readonly StoredApp[]>): Listing {
  let current: Reading | undefined;
  let last: ReadonlyMap<string, StoredApp> = new Map();

  /** What is as it was stays the same object, so that others may keep by it what they have made of it. */
  function settle(apps: readonly StoredApp[]): readonly StoredApp[] {
    const settled = apps.map((app) => {
      const before = last.get(app.id);
      return before && isSame(before, app) ? before : app;
    });
    last = new Map(settled.map((app) => [app.id, app]));
    return settled;
  }

  return {
    get() {
      const now = clock.monotonic();
      if (current && now - current.at < recheckMs) return current.apps;
      const reading: Reading = { at: now, apps: read().then(settle) };
      current = reading;
      reading.apps.catch(() => {
        if (current === reading) current = undefined; // a failure is not kept
      });
      return reading.apps;
    },
    outdate() {
      current = undefined;
    },
  };
}

function isSame(a: StoredApp, b: StoredApp): boolean {
  return (
    a.definition === b.definition &&
    a.name === b.name &&
    a.ownerId === b.ownerId &&
    a.enabled === b.enabled &&
    a.revision === b.revision &&
    a.hostId === b.hostId &&
    a.createdAt === b.createdAt &&
    a.updatedAt === b.updatedAt
  );
}
