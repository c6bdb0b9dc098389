/** What every file of routes is handed besides the parts. */
import type { Trail } from "../../identity/trail.ts";
import type { Guards } from "./callers.ts";
import type { Groups } from "./groups.ts";
import type { ReadingOf } from "./quirks.ts";

export interface Toolbox {
  readonly guards: Guards;
  readonly trail: Trail;
  readonly groups: Groups;
  readonly readingOf: ReadingOf;
}
