/** The shapes of mcp-v8's operations on versioned files. A `ca_id` is the id of a snapshot. */
import { type TSchema, Type } from "typebox";
import { YardError } from "../../platform/errors.ts";
import { isObjectId } from "../../snapshots/object.ts";

const maybe = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const CaId = Type.String({ description: "64 hexadecimal digits" });
const NullableCaId = Type.Union([CaId, Type.Null()]);
const message = maybe(Type.String({ description: "For the log: why" }));

/** Of the operations that take one. */
export const ofBody = { config: { wrongFieldStatus: 422 }, bodyLimit: 2 * 1024 ** 2 } as const;

export const LabelParams = Type.Object({ label: Type.String({ description: "The label's name" }) });

export const LogQuery = Type.Object({
  limit: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "The newest ones only; the oldest of them first",
    }),
  ),
});

export const LabelRequest = Type.Object({ name: Type.String(), ca_id: CaId, message });

export const PushRequest = Type.Object({
  ca_id: CaId,
  label: maybe(Type.String({ description: "Needed unless `detach`" })),
  expected: maybe(
    Type.String({ description: "Where the label was when it was looked at; without it, there is none yet" }),
  ),
  force: Type.Optional(Type.Boolean({ description: "Move it wherever it is" })),
  detach: Type.Optional(Type.Boolean({ description: "Touch no label" })),
  message,
});

export const ResetRequest = Type.Object({
  label: Type.String(),
  ca_id: CaId,
  allow_unlogged: Type.Optional(Type.Boolean({ description: "Also to where it has never been" })),
  message,
});

export const MergeRequest = Type.Object({
  base: maybe(Type.String({ description: "What both come from; without it everything was added by both" })),
  ours: CaId,
  theirs: CaId,
  prefer: maybe(Type.String({ description: "`ours` or `theirs` where there would be a conflict" })),
});

export const LabelList = Type.Object(
  { labels: Type.Array(Type.Object({ name: Type.String(), ca_id: CaId })) },
  { description: "By name" },
);

export const HeadReply = Type.Object(
  { label: Type.String(), ca_id: CaId },
  { description: "The label, and the snapshot that it names" },
);

export const LabelLog = Type.Object(
  {
    label: Type.String(),
    log: Type.Array(
      Type.Object({
        at: Type.Integer({ description: "Milliseconds since 1970" }),
        from: NullableCaId,
        to: CaId,
        op: Type.Enum(["create", "push", "reset"]),
        message: Type.Optional(Type.String()),
      }),
    ),
  },
  { description: "The oldest move first" },
);

export const PushAdvanced = Type.Object(
  { status: Type.Enum(["advanced", "detached"]), label: Type.Optional(Type.String()), ca_id: Type.String() },
  { description: "The label names it now, or was left alone as asked" },
);

export const PushRejected = Type.Object(
  { status: Type.Enum(["rejected"]), label: Type.String(), current: NullableCaId },
  { description: "The label is elsewhere by now" },
);

export const MergeReply = Type.Object(
  {
    status: Type.Enum(["merged", "conflict"]),
    ca_id: Type.Optional(CaId),
    conflicts: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String(),
          base: NullableCaId,
          ours: NullableCaId,
          theirs: NullableCaId,
          kind: Type.Enum(["text", "binary", "sqlite", "modify/delete"]),
          markers: Type.Optional(Type.String({ description: "The file with the conflicts marked, as diff3 does" })),
          diff_ours: Type.Optional(Type.String({ description: "Unified diff from the base" })),
          diff_theirs: Type.Optional(Type.String()),
        }),
      ),
    ),
  },
  { description: "`merged` with the new snapshot, or `conflict` with all of them and none" },
);

/** @throws {YardError} invalid */
export function requireCaId(text: string, what = "CA id"): void {
  if (!isObjectId(text)) throw new YardError("invalid", `invalid ${what}: ${text.slice(0, 100)}`);
}
