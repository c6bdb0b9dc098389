/** Tools for saved memories: the tags by which they are found, and the sessions that chain them. */
import { Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import type { Scripts } from "../../../scripts/scripts.ts";
import type { RecordedStep } from "../../../scripts/sessions.ts";
import { argumentsOf, Done, defineTool, maybe, Tags, type Tool } from "../tool.ts";

const heap = Type.String({ description: "The memory: `heap` of an execution" });

export function heapTools({ scripts }: { readonly scripts: Scripts }, trail: Trail): readonly Tool[] {
  return [...tagReadingTools(scripts), ...tagWritingTools(scripts, trail)];
}

function tagReadingTools({ heaps }: Scripts): readonly Tool[] {
  return [
    defineTool({
      name: "get_heap_tags",
      title: "Tags of a memory",
      description: "The tags of a saved memory; none for one that is not known.",
      needs: "scripts.view",
      reads: true,
      input: argumentsOf({ heap }),
      output: Type.Object({ tags: Tags }),
      run: async (given, { caller }) => ({ tags: await heaps.tags(caller.teamId, given.heap) }),
    }),
    defineTool({
      name: "query_heaps_by_tags",
      title: "Find memories",
      description: "The saved memories that have all of these tags, the newest first.",
      needs: "scripts.view",
      reads: true,
      input: argumentsOf({ tags: Tags }),
      output: Type.Object({ results: Type.Array(Type.Object({ heap: Type.String(), tags: Tags })) }),
      run: async (given, { caller }) => ({ results: await heaps.findByTags(caller.teamId, given.tags) }),
    }),
  ];
}

function tagWritingTools({ heaps }: Scripts, trail: Trail): readonly Tool[] {
  return [
    defineTool({
      name: "set_heap_tags",
      title: "Tag a memory",
      description: "Gives a saved memory these tags, in place of those it has.",
      needs: "scripts.run",
      destroys: true,
      input: argumentsOf({ heap, tags: Tags }),
      output: Done,
      async run(given, { caller, request }) {
        await trail.change(request, caller.actor, { action: "heap.tag", target: given.heap }, () =>
          heaps.setTags(caller.teamId, given.heap, given.tags),
        );
        return { ok: true };
      },
    }),
    defineTool({
      name: "delete_heap_tags",
      title: "Remove tags of a memory",
      description: "Removes tags of a saved memory: those that are named, or all.",
      needs: "scripts.run",
      destroys: true,
      input: argumentsOf({ heap, keys: maybe(Type.String({ description: "Names, by comma; none: all of them" })) }),
      output: Done,
      async run(given, { caller, request }) {
        await trail.change(request, caller.actor, { action: "heap.untag", target: given.heap }, () =>
          heaps.removeTags(caller.teamId, given.heap, given.keys == null ? undefined : listOf(given.keys)),
        );
        return { ok: true };
      },
    }),
  ];
}

const stepFields = ["index", "input_heap", "output_heap", "code", "timestamp"] as const;

const NoSession = Type.Object({ error: Type.String() });
const StepEntry = Type.Object({
  index: Type.Optional(Type.Integer({ description: "Grows with each step, with gaps" })),
  input_heap: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  output_heap: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  code: Type.Optional(Type.String()),
  timestamp: Type.Optional(Type.String({ description: "RFC 3339" })),
});

export function sessionTools({ scripts: { sessions } }: { readonly scripts: Scripts }): readonly Tool[] {
  return [
    defineTool({
      name: "list_sessions",
      title: "List sessions",
      description: "Names of the sessions, those used last first.",
      needs: "scripts.view",
      reads: true,
      input: argumentsOf({}),
      output: Type.Object({ sessions: Type.Array(Type.String()) }),
      run: async (_given, { caller }) => ({ sessions: await sessions.list(caller.teamId) }),
    }),
    defineTool({
      name: "list_session_snapshots",
      title: "Steps of this session",
      description:
        "The completed scripts of the session that this client has named, the oldest first, with the memories before and after each.",
      needs: "scripts.view",
      reads: true,
      input: argumentsOf({
        fields: maybe(Type.String({ description: `By comma, of ${stepFields.join(", ")}; none: all` })),
      }),
      output: Type.Object({ entries: Type.Array(Type.Union([StepEntry, NoSession])) }),
      async run({ fields }, { caller, session }) {
        if (session === undefined)
          return {
            entries: [{ error: "This client has named no session: connect with the header X-MCP-Session-Id." }],
          };
        const wanted = new Set(fields == null ? stepFields : listOf(fields));
        const steps = await sessions.steps(caller.teamId, session);
        return { entries: steps.map((step) => pick(entryOf(step), wanted)) };
      },
    }),
  ];
}

function entryOf({ index, heapIn, heapOut, source, at }: RecordedStep) {
  const timestamp = new Date(at).toISOString().replace("Z", "+00:00"); // as REST writes times
  return { index, input_heap: heapIn, output_heap: heapOut, code: source, timestamp };
}

function pick(entry: object, names: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => names.has(name)));
}

function listOf(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
