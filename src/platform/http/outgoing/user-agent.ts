import { packageVersion } from "../../../version.ts";

/** By which other servers know who asks. */
export const userAgent = `Runyard/${packageVersion()}`;
