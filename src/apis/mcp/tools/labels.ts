/** Tools for labels: names for snapshots of files, and the log of where they pointed. */
import { Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import { YardError } from "../../../platform/errors.ts";
import type { Labels, Push } from "../../../snapshots/labels.ts";
import { argumentsOf, defineTool, maybe, type Tool } from "../tool.ts";

const Label = Type.String({ description: "The label's name" });
const CaId = Type.String({ description: "The id of a snapshot: 64 hexadecimal digits" });
const NullableCaId = Type.Union([CaId, Type.Null()]);
const message = maybe(Type.String({ description: "For the log: why" }));
const Head = Type.Object({ label: Type.String(), ca_id: CaId });

export function labelTools(labels: Labels, trail: Trail): readonly Tool[] {
  return [...readingTools(labels), setTool(labels, trail), pushTool(labels, trail), resetTool(labels, trail)];
}

function readingTools(labels: Labels): readonly Tool[] {
  return [
    defineTool({
      name: "fs_ls",
      title: "List labels",
      description: "All labels with the snapshots that they name, by name.",
      needs: "snapshots.view",
      reads: true,
      input: argumentsOf({}),
      output: Type.Object({ labels: Type.Array(Type.Object({ name: Type.String(), ca_id: CaId })) }),
      async run(_given, { caller }) {
        const found = await labels.list(caller.teamId);
        return { labels: found.map(({ name, id }) => ({ name, ca_id: id })) };
      },
    }),
    defineTool({
      name: "fs_pull",
      title: "Look up a label",
      description: "The snapshot that a label names. Give it as `fs` of a script to mount its files.",
      needs: "snapshots.view",
      reads: true,
      input: argumentsOf({ label: Label }),
      output: Head,
      async run({ label }, { caller }) {
        const head = await labels.get(caller.teamId, label);
        if (head === undefined) throw new YardError("not_found", `unknown label: ${label.slice(0, 100)}`);
        return { label, ca_id: head };
      },
    }),
    defineTool({
      name: "fs_log",
      title: "History of a label",
      description: "Where a label has pointed, the oldest move first.",
      needs: "snapshots.view",
      reads: true,
      input: argumentsOf({
        label: Label,
        limit: maybe(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "The newest only" })),
      }),
      output: Type.Object({ label: Type.String(), log: Type.Array(Move) }),
      async run({ label, limit }, { caller }) {
        const moves = await labels.log(caller.teamId, label, { limit: limit ?? undefined });
        const log = moves.map(({ operation, message: text, ...move }) => ({
          ...move,
          op: operation,
          message: text ?? undefined,
        }));
        return { label, log };
      },
    }),
  ];
}

const Move = Type.Object({
  at: Type.Integer({ description: "Milliseconds since 1970" }),
  from: NullableCaId,
  to: CaId,
  op: Type.Enum(["create", "push", "reset"]),
  message: Type.Optional(Type.String()),
});

function setTool(labels: Labels, trail: Trail): Tool {
  return defineTool({
    name: "fs_label",
    title: "Set a label",
    description: "Makes a label, or points it to another snapshot, whatever it named before.",
    needs: "snapshots.write",
    destroys: true,
    input: argumentsOf({ name: Label, ca_id: CaId, message }),
    output: Head,
    async run({ name, ca_id, message: text }, { caller, request }) {
      const what = { action: "snapshot.label", target: name, details: { to: ca_id } };
      await trail.change(request, caller.actor, what, () =>
        labels.set(caller.teamId, name, { id: ca_id, message: text ?? undefined }),
      );
      return { label: name, ca_id };
    },
  });
}

function pushTool(labels: Labels, trail: Trail): Tool {
  return defineTool({
    name: "fs_push",
    title: "Move a label on",
    description:
      "Points a label to a new snapshot, unless it has moved since it was looked at: `expected` is where it was. `rejected` says where it is now; nothing was changed then.",
    needs: "snapshots.write",
    destroys: true,
    input: argumentsOf({
      ca_id: CaId,
      label: maybe(Type.String({ description: "Needed unless detach" })),
      expected: maybe(Type.String({ description: "Where it was; without it there must be no such label yet" })),
      force: maybe(Type.Boolean({ description: "Wherever it is" })),
      detach: maybe(Type.Boolean({ description: "Touch no label" })),
      message,
    }),
    output: Type.Object({
      status: Type.Enum(["advanced", "detached", "rejected"]),
      label: Type.Optional(Type.String()),
      ca_id: Type.Optional(Type.String()),
      current: Type.Optional(NullableCaId),
    }),
    async run({ ca_id, label, expected, force, detach, message: text }, { caller, request }) {
      if (detach) return { status: "detached", ca_id };
      if (label == null) throw new YardError("invalid", "A label is required, unless detach is true.");
      const push: Push = {
        id: ca_id,
        expected: expected ?? undefined,
        force: force ?? false,
        message: text ?? undefined,
      };
      const pushed = await labels.push(caller.teamId, label, push);
      if (pushed.status === "rejected") return { status: pushed.status, label, current: pushed.current };
      const details = { to: ca_id, force: force ?? false };
      await trail.record(request, caller.actor, { action: "snapshot.push", target: label, outcome: "done", details });
      return { status: pushed.status, label, ca_id };
    },
  });
}

function resetTool(labels: Labels, trail: Trail): Tool {
  return defineTool({
    name: "fs_reset",
    title: "Point a label back",
    description: "Points a label to a snapshot that it has named before; fs_log lists them.",
    needs: "snapshots.write",
    destroys: true,
    input: argumentsOf({
      label: Label,
      ca_id: CaId,
      allow_unlogged: maybe(Type.Boolean({ description: "Also to where it has never been" })),
      message,
    }),
    output: Head,
    async run({ label, ca_id, allow_unlogged, message: text }, { caller, request }) {
      const what = { action: "snapshot.reset", target: label, details: { to: ca_id } };
      const target = { id: ca_id, allowUnlogged: allow_unlogged ?? false, message: text ?? undefined };
      await trail.change(request, caller.actor, what, () => labels.reset(caller.teamId, label, target));
      return { label, ca_id };
    },
  });
}
