/** The WebSockets: what a container prints, what it uses, a terminal in it, and what happens in the fleet. Whatever can be refused is refused before the
 *  upgrade, with a status. */
import { createKeptTerminals } from "../../../containers/streams/kept-terminals.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { hostIdOf } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";
import { registerCommandSocket } from "./command.ts";
import { registerEventSocket } from "./events.ts";
import { registerExecSocket } from "./exec.ts";
import { createSocketGuard } from "./guard.ts";
import { createHold } from "./hold.ts";
import { registerLogSocket } from "./logs.ts";
import { createSocketSeats } from "./seats.ts";
import { requireUpgrade, type SocketTools } from "./socket-routes.ts";
import { registerStatsSocket } from "./stats.ts";

export type SocketParts = Pick<DockmeshParts, "dockerHosts" | "fleetFeed" | "identity" | "tickets">;

const mostPerUser = 500;

export function registerSocketRoutes(
  app: ApiInstance,
  { dockerHosts, fleetFeed, identity: { authenticator }, tickets }: SocketParts,
  { guards, trail }: Toolbox,
): void {
  const tools: SocketTools = {
    guard: createSocketGuard({ authenticator, redeem: tickets.redeem, guards }),
    hold: createHold({ seats: createSocketSeats(mostPerUser), again: tickets.again }),
    engineOf(request, query) {
      requireUpgrade(request);
      return dockerHosts.get(hostIdOf(query), reachOf(request)).engine;
    },
  };
  registerLogSocket(app, tools);
  registerStatsSocket(app, tools);
  const keptTerminals = createKeptTerminals();
  app.addHook("onClose", () => keptTerminals[Symbol.asyncDispose]());
  registerExecSocket(app, tools, trail, keptTerminals);
  registerCommandSocket(app, tools, trail);
  registerEventSocket(app, tools, fleetFeed);
}
