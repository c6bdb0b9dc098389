/** All apps, defined and temporary, as their readers see them: definition, owner and what is known of the runs. */
import { YardError } from "../platform/errors.ts";
import { accessOf, type Owned, requireAccess } from "./access.ts";
import type { App, AppDefinition } from "./app.ts";
import { openDefinition } from "./definition.ts";
import { isElsewhere, refuseElsewhere } from "./elsewhere.ts";
import { isTemporary, type Mirror, type MirroredTemporary } from "./mirror.ts";
import type { Actor, Owner, OwnerDirectory, OwnHost, SecretBox } from "./parts.ts";
import { runtimeOf } from "./runtime.ts";
import type { AppStore, StoredApp } from "./store.ts";
import { unitIdOf } from "./unit-spec.ts";

export interface FoundApp {
  readonly app: App;
  readonly ownerTeams: readonly string[];
  readonly unitId: string;
  /** Absent for a temporary app. */
  readonly stored?: StoredApp;
}

/** An app that somebody may read, or change. */
export interface AccessibleApp {
  readonly app: App;
  readonly access: "read" | "write";
}

export interface Catalog {
  find(name: string): Promise<FoundApp | undefined>;
  /** @throws {YardError} not_found; forbidden; unavailable: it is on the host of another yard */
  get(actor: Actor, name: string, wanted: "read" | "write"): Promise<FoundApp>;
  /** The same, wherever it is. What runs of it is not known here if that is elsewhere. @throws {YardError} not_found; forbidden */
  getAnywhere(actor: Actor, name: string, wanted: "read" | "write"): Promise<FoundApp>;
  /** Those that the actor may read, by name, on whichever host. */
  list(actor: Actor): Promise<readonly App[]>;
  listAccessible(actor: Actor): Promise<readonly AccessibleApp[]>;
  /** All of them, by id. */
  owned(): Promise<ReadonlyMap<string, Owned>>;
}

export interface CatalogParts {
  readonly store: AppStore;
  readonly mirror: Mirror;
  readonly owners: OwnerDirectory;
  readonly secrets: SecretBox;
  readonly host: OwnHost;
}

const noTeams: readonly string[] = [];

export function createCatalog({ store, mirror, owners, secrets, host }: CatalogParts): Catalog {
  /** What was made of each stored app at the last look: in a list of a thousand nearly all are as they were. */
  const made = new WeakMap<StoredApp, FoundApp>();

  function fromStored(stored: StoredApp, owner: Owner | undefined): FoundApp {
    const known = made.get(stored);
    const unitId = known?.unitId ?? unitIdOf(stored);
    const runtime = runtimeOf(mirror.get(unitId));
    const { username: ownerName = null, teams: ownerTeams = noTeams } = owner ?? {};
    if (known?.app.runtime === runtime && known.app.ownerName === ownerName && known.ownerTeams === ownerTeams)
      return known;
    const { revision: _revision, hostId: _hostId, ...kept } = stored;
    const app: App = { ...kept, kind: "defined", ownerName, runtime };
    const found = { app, stored, unitId, ownerTeams };
    made.set(stored, found);
    return found;
  }

  /** Of each temporary app as it is now, so that a list does not decrypt all of them anew. */
  const opened = new WeakMap<MirroredTemporary, AppDefinition>();

  function openedOnce(temporary: MirroredTemporary): AppDefinition {
    const known = opened.get(temporary);
    if (known) return known;
    const definition = openDefinition(temporary.meta.definition, temporary.unit.id, secrets);
    opened.set(temporary, definition);
    return definition;
  }

  function fromTemporary(temporary: MirroredTemporary, owner: Owner | undefined): FoundApp {
    const { unit, meta } = temporary;
    const app: App = {
      id: unit.id,
      name: meta.name,
      ownerId: meta.ownerId,
      ownerName: owner?.username ?? null,
      definition: openedOnce(temporary),
      kind: "temporary",
      enabled: unit.enabled,
      createdAt: unit.createdAt,
      updatedAt: unit.createdAt,
      runtime: runtimeOf(temporary),
    };
    return { app, unitId: unit.id, ownerTeams: owner?.teams ?? noTeams };
  }

  async function ownerOf(ownerId: string | null): Promise<Owner | undefined> {
    return ownerId === null ? undefined : (await owners.describe([ownerId])).get(ownerId);
  }

  async function find(name: string): Promise<FoundApp | undefined> {
    const stored = await store.byName(name);
    if (stored) return fromStored(stored, await ownerOf(stored.ownerId));
    const temporary = mirror.temporary(name);
    return temporary && fromTemporary(temporary, await ownerOf(temporary.meta.ownerId));
  }

  async function getAnywhere(actor: Actor, name: string, wanted: "read" | "write"): Promise<FoundApp> {
    const found = await find(name.trim());
    if (!found) throw new YardError("not_found", `there is no app ${JSON.stringify(name)}`);
    requireAccess(actor, ownedOf(found), wanted);
    return found;
  }

  /** Defined ones by name, then temporary ones. */
  async function everything(): Promise<readonly FoundApp[]> {
    const stored = await store.list();
    const names = new Set(stored.map((app) => app.name));
    const temporary = [...mirror.all()].filter(isTemporary).filter(({ meta }) => !names.has(meta.name));
    const ownerIds = new Set([...stored.map((app) => app.ownerId), ...temporary.map(({ meta }) => meta.ownerId)]);
    ownerIds.delete(null);
    const known = await owners.describe([...ownerIds].filter((id) => id !== null));
    return [
      ...stored.map((app) => fromStored(app, known.get(app.ownerId ?? ""))),
      ...temporary.map((unit) => fromTemporary(unit, known.get(unit.meta.ownerId))),
    ];
  }

  return {
    find,
    getAnywhere,

    async get(actor, name, wanted) {
      const found = await getAnywhere(actor, name, wanted);
      if (isElsewhere(found.stored, host)) await refuseElsewhere(found.stored, host);
      return found;
    },

    async list(actor) {
      return (await everything()).filter((found) => accessOf(actor, ownedOf(found)) !== "none").map(({ app }) => app);
    },

    async listAccessible(actor) {
      return (await everything()).flatMap((found) => {
        const access = accessOf(actor, ownedOf(found));
        return access === "none" ? [] : [{ app: found.app, access }];
      });
    },

    async owned() {
      return new Map((await everything()).map((found) => [found.app.id, ownedOf(found)]));
    },
  };
}

export function ownedOf({ app, ownerTeams }: FoundApp) {
  return { name: app.name, ownerId: app.ownerId, ownerTeams, sharing: app.definition.sharing };
}
