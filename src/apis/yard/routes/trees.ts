/** `/yard/v1/trees/{id}`: a snapshot as a tar archive, and what is in it as a list. */
import type { Readable } from "node:stream";
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiReply } from "../../../platform/http/api.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { writeTar } from "../../../platform/trees/tar.ts";
import { entriesOf, type ListedEntry, listTree } from "../../../snapshots/tree-entries.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard, principalOf } from "../guard.ts";
import type { YardApiParts } from "../parts.ts";

export const tarType = "application/x-tar";
export const about = { tags: ["Trees"], security: bearer };

const TreeParams = Type.Object({ id: Type.String({ description: "Of a snapshot: 64 hexadecimal digits" }) });

const EntriesQuery = Type.Object({
  path: Type.String({ default: "", maxLength: 4_096, description: "What is below this directory; none: the root" }),
  after: Type.Optional(Type.String({ maxLength: 8_192, description: "`next` of the page before" })),
  limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000 }),
});

const EntriesPage = Type.Object(
  {
    entries: Type.Array(
      Type.Object({
        path: Type.String({ description: "From the root of the tree" }),
        type: Type.Enum(["file", "directory", "symlink"]),
        mode: Type.Integer({ description: "Permission bits" }),
        size: Type.Integer({ description: "Bytes of a file, of a link's target; 0 of a directory" }),
        target: Type.Optional(Type.String({ description: "Of a symbolic link" })),
      }),
    ),
    next: Type.Optional(Type.String({ description: "There is more: ask with this as `after`" })),
  },
  { description: "Each directory before what is in it, names in their order" },
);

const Archive = {
  description: "A tar archive of the whole tree. One that breaks off is not whole",
  content: { [tarType]: { schema: Type.Unsafe<Buffer>({ type: "string", format: "binary" }) } },
};

export function registerTreeRoutes(app: ApiInstance, { trees }: Pick<YardApiParts, "trees">, guard: Guard): void {
  app.get(
    "/yard/v1/trees/:id",
    {
      onRequest: guard("snapshots.view"),
      schema: {
        ...about,
        operationId: "getTree",
        summary: "Download a snapshot's files",
        params: TreeParams,
        response: { 200: Archive, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const tree = await trees.snapshots.open(await trees.teamOf(principalOf(request)), request.params.id);
      return sendArchive(writeTar(entriesOf(tree)), reply);
    },
  );

  app.get(
    "/yard/v1/trees/:id/entries",
    {
      onRequest: guard("snapshots.view"),
      schema: {
        ...about,
        operationId: "listTree",
        summary: "List what is in a snapshot, page by page",
        params: TreeParams,
        querystring: EntriesQuery,
        response: { 200: EntriesPage, ...errorReplies(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request) => {
      const { path, after, limit } = request.query;
      const tree = await trees.snapshots.open(await trees.teamOf(principalOf(request)), request.params.id);
      const directory = path.split("/").filter(Boolean).join("/");
      const status = await tree.lstat(directory);
      const target = async (entry: ListedEntry) =>
        entry.type === "symlink" ? await tree.readlink(entry.path) : undefined;
      if (status.type !== "directory") {
        const entry = { path: directory, ...status };
        return { entries: [{ ...entry, target: await target(entry) }] };
      }
      const entries = [];
      for await (const entry of listTree(tree, directory, below(directory, after))) {
        if (entries.length === limit) return { entries, next: entries.at(-1)!.path };
        entries.push({ ...entry, target: await target(entry) });
      }
      return { entries };
    },
  );
}

/** When the server closes, the stream breaks off: an orderly end would say that the archive is whole. */
function sendArchive(archive: Readable, reply: ApiReply): ApiReply {
  const signal = requestSignal(reply);
  const stop = (): void => void archive.destroy();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return reply.type(tarType).send(archive);
}

/** The names from the directory to where the page before has ended. @throws {YardError} invalid */
function below(directory: string, after: string | undefined): readonly string[] {
  if (after === undefined) return [];
  const prefix = directory === "" ? "" : `${directory}/`;
  if (!after.startsWith(prefix)) throw new YardError("invalid", "is not below the path", { field: "after" });
  return after.slice(prefix.length).split("/");
}
