/** Tells what has happened to capsules and templates: to whoever listens, and to the event log. Nobody waits for either. */
import type { Actor, Capsule, CapsuleEvent } from "./capsule.ts";
import type { CapsuleParts } from "./parts.ts";

export interface Announce {
  capsule(event: CapsuleEvent["event"], capsule: Capsule, actor: Actor): void;
  /** In the event log alone. @param from the host that it was on */
  moved(capsule: Capsule, from: string, actor: Actor): void;
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
    tell(event);
    record(event.event, event.resource.id, event);
  }

  function record(
    event: string,
    subject: string,
    { teamId, actor, ...facts }: { teamId: string; actor: Actor; from?: string; to?: string },
  ): void {
    const { from, to } = facts;
    const data = { teamId, by: actor.name ?? actor.id ?? actor.kind, ...(from && to && { from, to }) };
    events.append(event, subject, data).catch((error: unknown) => {
      log.warn({ err: error, event, subject }, "an event could not be recorded");
    });
  }
  return {
    capsule: (event, { id, teamId }, actor) =>
      announce({ event, at: clock.now(), teamId, actor, resource: { type: "capsule", id } }),
    moved: ({ id, teamId, hostId: to }, from, actor) => record("capsule.moved", id, { teamId, actor, from, to }),
    template: (event, { teamId, name }, actor) =>
      announce({ event, at: clock.now(), teamId, actor, resource: { type: "template", id: name } }),
  };
}
