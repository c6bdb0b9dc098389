/** When something last happened in each capsule. What happens thousands of times a second is noted here and written down every few seconds: a yard that
 *  is killed forgets no more than that. */
import type { Capsule } from "./capsule.ts";
import type { CapsuleParts } from "./parts.ts";
import type { CapsuleStore } from "./store.ts";

export interface Activity {
  touch(capsuleId: string): void;
  /** With what is not written down yet. */
  shown(capsule: Capsule): Capsule;
  /** Writes down what was noted. */
  save(): Promise<void>;
}

export function createActivity({ store, clock }: { store: CapsuleStore } & Pick<CapsuleParts, "clock">): Activity {
  let noted = new Map<string, number>();
  let saving: ReadonlyMap<string, number> = new Map();

  return {
    touch: (capsuleId) => void noted.set(capsuleId, clock.now()),
    shown(capsule) {
      const at = noted.get(capsule.id) ?? saving.get(capsule.id);
      if (at === undefined || capsule.status !== "running") return capsule;
      return { ...capsule, lastActiveAt: Math.max(at, capsule.lastActiveAt ?? 0) };
    },
    async save() {
      if (noted.size === 0) return;
      saving = noted;
      noted = new Map();
      try {
        await store.touch([...saving.keys()], Math.max(...saving.values()));
      } catch (error) {
        noted = new Map([...saving, ...noted]); // once more with the next
        throw error;
      } finally {
        saving = new Map();
      }
    },
  };
}
