/** Tells what has happened to capsules and templates: to whoever listens, and to the event log. Nobody waits for either. */
import type { Actor, Capsule, CapsuleEvent } from "./capsule.ts";
import type { CapsuleParts } from "./parts.ts";

export interface Announce {
  capsule(event: CapsuleEvent["event"], capsule: Capsule, actor: Actor): void;
  template(event: CapsuleEvent["event"], template: { teamId: string; name: string }, actor: Actor): void;
}

/** What the yard itself does. */
export const systemActor: Actor = { kind: "system" };

export function createAnnounce({
  events,
  tell,
  clock,
  log,
}: Pick<CapsuleParts, "events" | "tell" | "clock" | "log">): Announce {
  function announce(event: CapsuleEvent): void {
    const { actor, resource, teamId } = event;
    tell(event);
    const data = { teamId, by: actor.name ?? actor.id ?? actor.kind };
    events.append(event.event, resource.id, data).catch((error: unknown) => {
      log.warn({ err: error, event: event.event, subject: resource.id }, "an event could not be recorded");
    });
  }
  return {
    capsule: (event, { id, teamId }, actor) =>
      announce({ event, at: clock.now(), teamId, actor, resource: { type: "capsule", id } }),
    template: (event, { teamId, name }, actor) =>
      announce({ event, at: clock.now(), teamId, actor, resource: { type: "template", id: name } }),
  };
}
