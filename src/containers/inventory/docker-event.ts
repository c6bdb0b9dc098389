/** An event of an engine, as this room knows it. Its names of types and actions are the engine's own. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";

export interface DockerEvent {
  /** `container`, `image`, `volume`, `network`, `daemon`, … */
  readonly type: string;
  /** `start`, `die`, `health_status: healthy`, … */
  readonly action: string;
  /** Of what it happened to. */
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** By the engine's clock. */
  readonly timeMs: number;
  /** The same again if the event is told again. */
  readonly key: string;
}

const EngineEvent = Compile(
  Type.Object({
    Type: Type.String(),
    Action: Type.String(),
    Actor: Type.Object({
      ID: Type.Optional(Type.String()),
      Attributes: Type.Optional(Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()])),
    }),
    timeNano: Type.Number(),
  }),
);

/** Undefined for what is no event. */
export function parseDockerEvent(value: unknown): DockerEvent | undefined {
  if (!EngineEvent.Check(value)) return undefined;
  const { Type: type, Action: action, Actor: actor, timeNano } = value;
  const [id, attributes] = [actor.ID ?? "", actor.Attributes ?? {}];
  return { type, action, id, attributes, timeMs: timeNano / 1e6, key: `${timeNano} ${type} ${action} ${id}` };
}

/** What an event may have changed in the list of containers. */
export type RowChange = { readonly kind: "none" | "all" } | { readonly kind: "one"; readonly id: string };

const none: RowChange = { kind: "none" };

/** What happens inside of a container, or beside it, and does not show in its row. */
const invisible =
  /^(?:exec_|attach$|detach$|top$|resize$|copy$|export$|commit$|archive-path$|extract-to-dir$|checkpoint$)/;
/** A row shows its image by a name for as long as that name is this image's. */
const renamesImages = /^(?:tag|untag|delete|pull|import|load)$/;

/** What is not known to change nothing is taken to change something. */
export function changeOf({ type, action, id, attributes }: DockerEvent): RowChange {
  if (type === "container") return invisible.test(action) || id === "" ? none : { kind: "one", id };
  if (type === "network") return attributes.container === undefined ? none : { kind: "one", id: attributes.container };
  if (type === "image") return renamesImages.test(action) ? { kind: "all" } : none;
  return none;
}
