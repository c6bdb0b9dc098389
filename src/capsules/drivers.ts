/** Which sandbox driver a new capsule gets: that of its template, or that which was asked for; else that of the settings, where `auto` is the best that a host has. A host
 *  that is tagged for a driver (`driver:NAME`) takes what nobody has chosen with that one alone. The driver `host` gives no isolation: only who sets up the yard can
 *  choose it. */
import { YardError } from "../platform/errors.ts";
import type { CapsuleParts, WantedPlace } from "./parts.ts";

/** The best first. */
export const preferredDrivers = ["microvm", "namespace", "container"] as const;

export interface ChosenPlace {
  readonly driver: string;
  readonly host: Awaited<ReturnType<CapsuleParts["hosts"]["place"]>>;
}

export type ChoosePlace = (wanted: Omit<WantedPlace, "driver"> & { driver?: string }) => Promise<ChosenPlace>;

export function createChoosePlace({ hosts, settings }: Pick<CapsuleParts, "hosts" | "settings">): ChoosePlace {
  return async ({ driver: asked, ...place }) => {
    const isOffered =
      asked === undefined || asked === settings.driver || preferredDrivers.some((driver) => driver === asked);
    if (!isOffered) throw new YardError("invalid", `${asked} is no driver for capsules here.`, { field: "driver" });
    const reasons: string[] = [];
    for (const choice of asked === undefined || asked === "auto" ? unasked(settings.driver) : [{ driver: asked }]) {
      try {
        return { driver: choice.driver, host: await hosts.place({ ...place, ...choice }) };
      } catch (error) {
        if (!(error instanceof YardError) || error.code !== "unavailable") throw error;
        reasons.push(`${choice.driver}: ${error.message}`);
      }
    }
    const message = `No host can run this capsule. ${reasons.join(" ")}`;
    throw new YardError("unavailable", message, { field: "host" });
  };
}

type Choice = Pick<WantedPlace, "driver" | "yieldsToTag" | "unlessEmulated">;

/** Machines that have to be emulated are many times slower, which nobody should get whom nobody has asked: neither the settings nor a host's tag. */
function unasked(setting: string): readonly Choice[] {
  if (setting !== "auto") return [{ driver: setting, yieldsToTag: true }];
  return preferredDrivers.map((driver) => ({ driver, yieldsToTag: true, unlessEmulated: true }));
}
