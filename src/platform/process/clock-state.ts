/** What the kernel thinks of its clock. */
import { cLibrary } from "./c-library.ts";

/** Of adjtimex(2): nothing disciplines the clock. */
const TIME_ERROR = 5;
/** Larger than the structure of any architecture (208 bytes on 64 bits). All zero, it changes nothing. */
const structureBytes = 512;

/** @returns undefined where nobody can tell */
export function isClockSynchronised(): boolean | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const state = Number(cLibrary().declare("int adjtimex(void *timex)")(Buffer.alloc(structureBytes)));
    return state < 0 ? undefined : state !== TIME_ERROR;
  } catch {
    return undefined; // koffi ships no build for this machine
  }
}
