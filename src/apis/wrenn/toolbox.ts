/** What every file of routes is handed besides the parts. */
import type { Trail } from "../../identity/trail.ts";
import type { Accounts } from "./accounts.ts";
import type { Guards } from "./guards.ts";
import type { OwnTeam } from "./own-team.ts";

export interface Toolbox {
  readonly guards: Guards;
  readonly trail: Trail;
  readonly accounts: Accounts;
  readonly ownTeam: OwnTeam;
}
