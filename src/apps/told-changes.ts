/** Tells who looks at lists of apps what has become of which: of its definition, and of what runs of it. */
import type { OnUnitChange } from "./mirror.ts";
import type { AppChanged } from "./parts.ts";

export interface ToldChanges {
  readonly observe: OnUnitChange;
  /** @param topic of the event that tells of the definition: `app.added` */
  ofDefinition(topic: string, appId: string): void;
}

export function createToldChanges(changed: AppChanged = () => {}): ToldChanges {
  return {
    observe({ before, after }) {
      const mirrored = after ?? before;
      if (!mirrored) return;
      const { unit, meta } = mirrored;
      if (meta.kind === "defined") changed(meta.appId, "changed");
      else changed(unit.id, before ? (after ? "changed" : "removed") : "added");
    },
    ofDefinition(topic, appId) {
      changed(appId, topic === "app.added" ? "added" : topic === "app.removed" ? "removed" : "changed");
    },
  };
}
