/** The log of events, of which those who look at it are told. */
import type { EventLog } from "../platform/bus/event-log.ts";
import type { RowChanges } from "../platform/bus/row-changes.ts";

export function tellingEvents(events: EventLog, rowChanges: Pick<RowChanges, "note">): EventLog {
  return {
    ...events,
    async append(topic, subject, data) {
      await events.append(topic, subject, data);
      rowChanges.note("events", { id: subject, kind: "added" });
    },
  };
}
