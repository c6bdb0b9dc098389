/** `POST /yard/v1/trees`: a tar archive becomes a snapshot, whole or not at all. */
import type { Readable } from "node:stream";
import { Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { discardBody, sentContentType, streamBodies } from "../../../platform/http/bodies.ts";
import { maxTarBytes, readTar } from "../../../platform/trees/tar.ts";
import { type Added, addEntries } from "../../../snapshots/tree-entries.ts";
import { errorReplies } from "../errors.ts";
import { type Guard, principalOf } from "../guard.ts";
import type { TreesParts, YardApiParts } from "../parts.ts";
import { about, tarType } from "./trees.ts";

/** A connection on which nothing moves for this long is cut. */
const stallMs = 120_000;

const NewTree = Type.Object(
  {
    id: Type.String({ description: "Of the snapshot; equal trees have the same" }),
    entries: Type.Integer({ description: "Files, directories and links that came" }),
    bytes: Type.Integer({ description: "Of all files together" }),
  },
  { description: "It is on the disk" },
);

type Parts = Pick<YardApiParts, "trees">;

export function registerTreeUpload(app: ApiInstance, parts: Parts, guard: Guard, trail: Trail): void {
  app.register(async (uploads: ApiInstance) => {
    streamBodies(uploads);
    registerUpload(uploads, parts, guard, trail);
  });
}

function registerUpload(app: ApiInstance, { trees }: Parts, guard: Guard, trail: Trail): void {
  app.post(
    "/yard/v1/trees",
    {
      onRequest: guard("snapshots.write"),
      schema: {
        ...about,
        operationId: "createTree",
        summary: "Make a snapshot of the files in a tar archive",
        description:
          "Uncompressed. Files, directories and symbolic links; hard links, devices and paths that lead out are refused.",
        body: { content: { [tarType]: { schema: Type.String({ format: "binary" }) } } },
        response: { 201: NewTree, ...errorReplies(400, 401, 403, 409, 413, 503, 507) },
      },
    },
    async (request, reply) => {
      requireTar(request);
      const principal = principalOf(request);
      const made = await receive(request, trees, await trees.teamOf(principal));
      const details = { entries: made.entries, bytes: made.bytes };
      await trail.record(request, principal, { action: "snapshot.upload", target: made.id, outcome: "done", details });
      return reply.code(201).send(made);
    },
  );
}

/** @throws {YardError} invalid */
function requireTar(request: ApiRequest): void {
  const type = sentContentType(request)?.split(";")[0]?.trim().toLowerCase();
  if (type === tarType || type === "application/octet-stream") return;
  throw new YardError("invalid", `must be ${tarType}; the body is an uncompressed tar archive`, {
    field: "Content-Type",
  });
}

async function receive(
  request: ApiRequest,
  { snapshots, limits }: TreesParts,
  teamId: string,
): Promise<Added & { id: string }> {
  const tree = await snapshots.open(teamId, snapshots.emptyId, { limits });
  request.raw.setTimeout(stallMs);
  try {
    // An empty body is no body: what it lacks is what the archive's reader misses.
    const body = (request.body as Readable | undefined) ?? request.raw;
    const added = await addEntries(tree, readTar(body, { maxBytes: maxTarBytes(limits) }));
    request.raw.setTimeout(0); // saving takes as long as it takes
    return { id: await tree.save(), ...added };
  } catch (error) {
    if (!isYardError(error) && request.raw.errored)
      throw new YardError("interrupted", "The client left before its archive was complete.", { cause: error });
    discardBody(request);
    throw error;
  }
}
