/** What every file of routes is handed besides the parts. */
import type { Trail } from "../../identity/trail.ts";
import type { Guards } from "./guards.ts";

export interface Toolbox {
  readonly guards: Guards;
  readonly trail: Trail;
}
