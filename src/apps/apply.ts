/** Brings one app's unit to what the store says. Every call of it is safe to repeat, also half-way: a unit that is there
 *  already is not put twice, and start and stop ask for a state, not for an act. */
import type { Units } from "../hosts/host.ts";
import type { Mirror } from "./mirror.ts";
import type { OwnerDirectory, RunVariables } from "./parts.ts";
import type { StoredApp } from "./store.ts";
import { definedMeta, unitIdOf, unitSpecOf } from "./unit-spec.ts";

export type ApplyApp = (app: StoredApp) => Promise<void>;

export interface ApplyParts {
  readonly units: Units;
  readonly mirror: Mirror;
  readonly owners: OwnerDirectory;
  readonly variables?: RunVariables;
}

export function createApply({ units, mirror, owners, variables }: ApplyParts): ApplyApp {
  return async function apply(app) {
    const owner = app.ownerId === null ? undefined : (await owners.describe([app.ownerId])).get(app.ownerId);
    const { name, revision, enabled, definition } = app;
    const id = unitIdOf(app);
    const osUser = owner?.execUser ?? "";
    const spec = unitSpecOf({ id, revision, enabled, definition, osUser, meta: definedMeta(app) }, variables);

    // What has the name so far, an older revision or a run: it is killed before the new one starts.
    const earlier = mirror.named(name)?.unit.id;
    if (earlier !== undefined && earlier !== id) {
      await units.remove(earlier);
      mirror.forget(earlier);
    }
    let unit = await units.put(spec);
    if (unit.enabled !== enabled) unit = enabled ? await units.start(id) : await units.stop(id, { graceMs: 0 });
    mirror.learn(unit);
  };
}
