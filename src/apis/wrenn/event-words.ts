/** What happens, in the words in which receivers of Wrenn's notifications know it. */
import type { Actor, CapsuleEvent } from "../../capsules/capsule.ts";
import type { HostEvent } from "../../hosts/liveness.ts";
import type { EventDocument } from "../../notifications/channel.ts";
import { idToWire } from "./ids.ts";
import { timeToWire } from "./times.ts";

type TeamEvent = (CapsuleEvent | HostEvent) & { readonly teamId: string };

export function eventToWire(happened: TeamEvent): EventDocument {
  return {
    event: happened.event,
    timestamp: timeToWire(happened.at),
    team_id: idToWire("team", happened.teamId),
    // Hosts come and go by themselves.
    actor: "actor" in happened ? actorToWire(happened.actor) : { type: "system" },
    resource: resourceToWire(happened),
  };
}

/** To try out a channel, which need not be there. @param at milliseconds since 1970 */
export function testEvent(at: number): EventDocument {
  return {
    event: "channel.test",
    timestamp: timeToWire(at),
    team_id: "test",
    actor: { type: "system" },
    resource: { id: "test", type: "channel" },
  };
}

function actorToWire({ kind, id, name }: Actor): EventDocument["actor"] {
  const named = { ...(name !== undefined && { name }) };
  if (kind === "system" || id === undefined) return { type: "system" };
  if (kind === "user") return { type: "user", id: idToWire("user", id), ...named };
  return { type: "api_key", id: idToWire("key", id), ...named };
}

function resourceToWire(happened: TeamEvent): EventDocument["resource"] {
  if ("hostId" in happened) return { id: idToWire("host", happened.hostId), type: "host" };
  const { type, id } = happened.resource;
  return type === "capsule" ? { id: idToWire("capsule", id), type: "sandbox" } : { id, type: "snapshot" };
}
