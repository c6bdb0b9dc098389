/** What happened, as a row. */
import { type Static, Type } from "typebox";
import type { LoggedEvent } from "../../../platform/bus/event-log.ts";
import type { Words } from "../console-parts.ts";
import { Moment } from "./texts.ts";

export const EventRow = Type.Object({
  id: Type.String({ description: "Grows with every event" }),
  at: Moment,
  topic: Type.String(),
  subject: Type.String({ description: "The id of what it speaks of, as the lists have it" }),
  data: Type.Unknown(),
});
export type EventRow = Static<typeof EventRow>;

type IdWords = Pick<Words, "idToWire" | "idFromWire">;

export function eventRow({ seq, at, topic, subject, data }: LoggedEvent, words: IdWords): EventRow {
  return { id: String(seq), at, topic, subject: subjectShown(subject, words), data: dataShown(data, words) };
}

/** Whatever else is called so is no capsule: templates are subjects by their names. */
const capsuleId = /^capsule_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Of those that have one, the spelling that people see. */
export function subjectShown(subject: string, { idToWire }: Pick<Words, "idToWire">): string {
  return capsuleId.test(subject) ? idToWire("capsule", subject) : subject;
}

/** @throws {YardError} invalid */
export function subjectAsked(subject: string, { idFromWire }: Pick<Words, "idFromWire">): string {
  return subject.startsWith("cl-") ? idFromWire("capsule", subject) : subject;
}

function dataShown(data: unknown, { idToWire }: Pick<Words, "idToWire">): unknown {
  const { teamId } = Object(data) as { readonly teamId?: unknown };
  return typeof teamId === "string" ? { ...Object(data), teamId: idToWire("team", teamId) } : data;
}

export function textsOfEvent({ topic, subject, data }: EventRow) {
  return [topic, subject, JSON.stringify(data)];
}
