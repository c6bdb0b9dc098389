/** What can be listened to, and what is told of it. */
import type { ChangedRow } from "../../../platform/bus/row-changes.ts";
import type { RowKind, Viewer } from "../access.ts";

export const topics = [
  "apps",
  "capsules",
  "tasks",
  "executions",
  "containers",
  "stacks",
  "hosts",
  "events",
  "alerts",
] as const satisfies readonly RowKind[];
export type Topic = (typeof topics)[number];

/** Of one row, in the words of its list. */
export interface TopicChange {
  readonly id: string;
  readonly kind: ChangedRow["kind"];
  /** Of a container. */
  readonly hostId?: string;
}

export interface AddressedChange {
  readonly change: TopicChange;
  /** Whether the row is one that they see. */
  isFor(viewer: Viewer): boolean;
}

/** `lost`: more has changed than is worth telling, or nobody knows what. */
export type Changes = readonly AddressedChange[] | "lost";

/** Tells from now on, until it is disposed of. */
export type Source = (tell: (changes: Changes) => void) => Disposable;
export type Sources = Readonly<Record<Topic, Source>>;
