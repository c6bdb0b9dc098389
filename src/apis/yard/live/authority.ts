/** Whether somebody whose connection is open may still have it: it lives longer than what let them in. */
import type { Principal } from "../../../identity/principal.ts";
import { isYardError } from "../../../platform/errors.ts";

export type Verdict = "goes on" | "session ended" | "rights changed";

const refusals: ReadonlySet<string> = new Set(["unauthenticated", "forbidden", "not_found", "locked"]);

/** @param again who they are by now */
export async function judge(before: Principal, again: (principal: Principal) => Promise<Principal>): Promise<Verdict> {
  try {
    return rightsOf(await again(before)) === rightsOf(before) ? "goes on" : "rights changed";
  } catch (error) {
    // Where nobody knows, it is asked again.
    return isYardError(error) && refusals.has(error.code) ? "session ended" : "goes on";
  }
}

/** All that decides what somebody sees. */
function rightsOf({ isAdmin, permissions, hostTags = [], teams }: Principal): string {
  return JSON.stringify([isAdmin, [...permissions].sort(), [...hostTags].sort(), [...teams].sort()]);
}
