/** Changes of apps. Each one is saved first and then carried out on the host: whichever line we crash on, the next reconciliation finds from
 *  the table what is left to do. */
import type { Units } from "../hosts/host.ts";
import type { Clock } from "../platform/clock.ts";
import { isYardError, YardError, type YardErrorCode } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { WithName } from "../platform/name-lock.ts";
import { requireAccess } from "./access.ts";
import type { App, AppDefinition } from "./app.ts";
import type { ApplyApp } from "./apply.ts";
import { type Catalog, ownedOf } from "./catalog.ts";
import { checkDefinition } from "./definition-check.ts";
import { isElsewhere, refuseElsewhere, requireGone } from "./elsewhere.ts";
import type { Mirror } from "./mirror.ts";
import { checkName } from "./names.ts";
import type { Actor, Essential, OwnHost } from "./parts.ts";
import type { AppStore, StoredApp } from "./store.ts";
import { unitIdOf } from "./unit-spec.ts";

export interface ChangeParts {
  readonly store: AppStore;
  readonly catalog: Catalog;
  readonly mirror: Mirror;
  readonly units: Units;
  readonly apply: ApplyApp;
  readonly withName: WithName;
  readonly clock: Clock;
  readonly essential: Essential;
  readonly host: OwnHost;
  reconcileLater(): void;
  /** A run is about to take the name. */
  isHeld(name: string): boolean;
  tell(topic: string, app: { id: string; name: string }, by: string): void;
}

/** What a host that is away, busy or full answers, and may not answer when it is asked again. */
const passing: ReadonlySet<YardErrorCode> = new Set(["unavailable", "timeout", "interrupted", "storage_full"]);

export function createChanges(parts: ChangeParts) {
  const { store, catalog, mirror, units, apply, withName, clock, essential, host, tell } = parts;

  /** What was saved is carried out; if the host cannot be reached, the caller is told that it will be. */
  async function carryOut(app: { name: string }, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isYardError(error) || !passing.has(error.code)) throw error;
      parts.reconcileLater();
      const message = `the change of app ${app.name} is saved, and will be carried out when its host answers again: ${error.message}`;
      throw new YardError(error.code === "storage_full" ? error.code : "unavailable", message, {
        cause: error,
        retryAfterMs: error.retryAfterMs,
      });
    }
  }

  async function removeUnit(id: string): Promise<void> {
    await units.remove(id);
    mirror.forget(id);
  }

  async function put(
    actor: Actor,
    givenName: string,
    definition: AppDefinition,
    { enabled }: { enabled: boolean },
  ): Promise<App> {
    const name = checkName(givenName);
    checkDefinition(definition);
    return withName(name, async () => {
      const found = await catalog.find(name);
      if (found) requireAccess(actor, ownedOf(found), "write");
      else if (parts.isHeld(name)) throw new YardError("conflict", `a run with the name ${name} is just starting`);
      const old = found?.stored;
      if (isElsewhere(old, host)) await refuseElsewhere(old, host);
      const now = clock.now();
      const app: StoredApp = {
        id: old?.id ?? newId("app", now),
        name,
        ownerId: actor.userId,
        definition,
        enabled,
        revision: (old?.revision ?? 0) + 1,
        createdAt: old?.createdAt ?? now,
        updatedAt: now,
        hostId: host.id,
      };
      if (old) await store.replace(app, old.revision);
      else await store.insert(app);
      tell(old ? "app.changed" : "app.added", app, actor.username);
      await carryOut(app, () => apply(app));
      return (await catalog.get(actor, name, "read")).app;
    });
  }

  async function setEnabled(actor: Actor, name: string, enabled: boolean): Promise<App> {
    return withName(name.trim(), async () => {
      const { app, stored } = await catalog.get(actor, name, "write");
      if (!stored) return setTemporaryEnabled(app, enabled);
      if (stored.enabled !== enabled) {
        const save = () => store.setEnabled(stored.id, enabled, clock.now());
        await (enabled ? save() : essential(save));
        tell("app.changed", app, actor.username);
      }
      await carryOut(app, () => apply({ ...stored, enabled }));
      return (await catalog.get(actor, name, "read")).app;
    });
  }

  /** A run can be ended before its time; what ended cannot begin again. */
  async function setTemporaryEnabled(app: App, enabled: boolean): Promise<App> {
    if (enabled) {
      throw new YardError(
        "precondition",
        `${app.name} is a run, which starts once: start another run, or define an app`,
      );
    }
    mirror.learn(await units.stop(app.id, { graceMs: 0 }));
    return app;
  }

  async function remove(actor: Actor, name: string): Promise<void> {
    await withName(name.trim(), async () => {
      const { app, stored, unitId } = await catalog.getAnywhere(actor, name, "write");
      // That of a host which is gone can be removed from any: should the host come back, its yard finds a unit without an app.
      if (isElsewhere(stored, host)) await requireGone(stored, host);
      if (stored) {
        await essential(() => store.delete(app.id));
        tell("app.removed", app, actor.username);
      }
      if (!isElsewhere(stored, host)) await carryOut(app, () => removeUnit(unitId));
    });
  }

  /** Deletes an app whose end asked for it, now that its time has come; looks again, because it may have been changed meanwhile. */
  async function removeEnded(appId: string, name: string, revision: number): Promise<void> {
    await withName(name, async () => {
      const stored = await store.byId(appId);
      if (!stored?.enabled || stored.revision !== revision || isElsewhere(stored, host)) return;
      const unitId = unitIdOf(stored);
      if (!mirror.get(unitId)?.unit.enabled) return;
      await store.delete(appId);
      tell("app.removed", stored, "yard");
      await removeUnit(unitId);
    });
  }

  return { put, setEnabled, remove, removeEnded };
}
