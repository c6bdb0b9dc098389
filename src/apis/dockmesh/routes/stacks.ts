/** Stacks as files: listed, made, read, written and deleted. */
import { Type } from "typebox";
import { findContainers } from "../../../containers/stacks/recover.ts";
import { requireStackName } from "../../../containers/stacks/stack-names.ts";
import { isStackWithin, requireStackWithin } from "../../../containers/stacks/stack-reach.ts";
import { principalOf } from "../../../identity/admission.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { StackPath } from "../deploy-words.ts";
import { errorReplies } from "../errors.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done, Flag, isSet } from "../schemas.ts";
import { callerOf } from "../stack-caller.ts";
import { authorOf, detailToWire, placementToWire, StackDetail, StackListEntry } from "../stack-words.ts";
import type { Toolbox } from "../toolbox.ts";
import { withDependents } from "./stack-deploy.ts";

const about = { tags: ["stacks"], security: bearer };

const Content = {
  compose: Type.String({
    minLength: 1,
    pattern: "\\S",
    description: "compose.yaml; kept as it is, and checked when it is deployed",
  }),
  env: Type.Optional(Type.String({ description: "The variables of the stack; encrypted on the disk. Empty: none" })),
};

const Names = Type.Array(Type.String());
const Cleanup = Type.Object({ networks: Names, volumes: Names, images: Names, errors: Type.Optional(Names) });

type Parts = Pick<DockmeshParts, "stackFiles" | "stacks" | "dockerHosts">;

export function registerStackRoutes(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerReading(app, parts, toolbox);
  registerWriting(app, parts, toolbox);
  registerDeletion(app, parts, toolbox);
}

function registerReading(
  app: ApiInstance,
  { stackFiles, stacks: { placements }, dockerHosts }: Parts,
  { guards }: Toolbox,
): void {
  app.get(
    `${basePath}/stacks`,
    {
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "stacks.list",
        summary: "List stacks, each with where it was deployed",
        response: { 200: Type.Array(StackListEntry), ...errorReplies(401, 403) },
      },
    },
    async (request) => {
      const placed = new Map((await placements.list()).map((one) => [one.stack, one]));
      const files = new Map((await stackFiles.list()).map((one) => [one.name, one]));
      const names = [...new Set([...files.keys(), ...placed.keys()])].sort();
      return names.flatMap((name) => {
        const [file, placement] = [files.get(name), placed.get(name)];
        const isLost = file === undefined || file.isBlank;
        if ((isLost && placement === undefined) || !isStackWithin(placement, reachOf(request), dockerHosts)) return [];
        return [
          {
            name,
            ...(file !== undefined && { compose_path: file.composePath }),
            ...(placement !== undefined && { deployment: placementToWire(placement, dockerHosts) }),
            status: isLost ? ("needs_recovery" as const) : ("ok" as const),
          },
        ];
      });
    },
  );

  app.get(
    `${basePath}/stacks/:name`,
    {
      onRequest: guards.may("read"),
      schema: {
        ...about,
        params: StackPath,
        operationId: "stacks.get",
        summary: "Read a stack's files",
        response: { 200: StackDetail, ...errorReplies(400, 401, 403, 404, 422) },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireStackName(name);
      const placement = await placements.get(name);
      requireStackWithin(placement, reachOf(request), dockerHosts);
      const source = (await stackFiles.exists(name)) ? await stackFiles.read(name) : undefined;
      if (source !== undefined && source.compose.trim() !== "") return detailToWire(source);
      const isRunningSomewhere = async () =>
        (await findContainers(name, reachOf(request), dockerHosts)).found !== undefined;
      const hasTrace = placement !== undefined || (await isRunningSomewhere());
      if (!hasTrace) throw new YardError("not_found", `There is no stack ${name}.`);
      return {
        name,
        compose: "",
        ...(source?.env !== undefined && { env: source.env }),
        status: "needs_recovery" as const,
      };
    },
  );
}

function registerWriting(
  app: ApiInstance,
  { stackFiles, stacks: { placements }, dockerHosts }: Parts,
  { guards, trail }: Toolbox,
): void {
  app.post(
    `${basePath}/stacks`,
    {
      onRequest: guards.may("stack.write"),
      schema: {
        ...about,
        operationId: "stacks.create",
        summary: "Make a stack; nothing is deployed",
        body: Type.Object({ name: Type.String({ description: "2 to 63 small letters, digits and -" }), ...Content }),
        response: { 201: StackDetail, ...errorReplies(400, 401, 403, 409, 413) },
      },
    },
    async (request, reply) => {
      const { name, compose, env } = request.body;
      requireStackName(name);
      requireStackWithin(await placements.get(name), reachOf(request), dockerHosts); // its files may be lost
      const made = await trail.change(request, principalOf(request), { action: "stack.create", target: name }, () =>
        stackFiles.create({ name, compose, ...(env && { env }) }, authorOf(request)),
      );
      return reply.code(201).send(detailToWire(made));
    },
  );

  app.put(
    `${basePath}/stacks/:name`,
    {
      onRequest: guards.may("stack.write"),
      schema: {
        ...about,
        params: StackPath,
        operationId: "stacks.update",
        summary: "Write a stack's files anew; what runs stays as it is until the next deployment",
        body: Type.Object({
          name: Type.Optional(Type.String({ description: "The path's counts" })),
          ...Content,
          revision: Type.Optional(
            Type.String({ description: "Of what was read; refused (409) if it is another by now" }),
          ),
        }),
        response: { 200: StackDetail, ...errorReplies(400, 401, 403, 404, 409, 413, 422) },
      },
    },
    async (request) => {
      const { name } = request.params;
      const { compose, env, revision } = request.body;
      requireStackName(name);
      requireStackWithin(await placements.get(name), reachOf(request), dockerHosts);
      return trail.change(request, principalOf(request), { action: "stack.update", target: name }, async () =>
        detailToWire(await stackFiles.write(name, { compose, ...(env && { env }) }, authorOf(request), revision)),
      );
    },
  );
}

function registerDeletion(
  app: ApiInstance,
  { stacks: { removal, ends, placements }, dockerHosts }: Parts,
  { guards, trail }: Toolbox,
): void {
  app.delete(
    `${basePath}/stacks/:name`,
    {
      onRequest: guards.may("stack.write"),
      schema: {
        ...about,
        params: StackPath,
        operationId: "stacks.delete",
        summary: "Delete a stack's files; what runs of it goes on unless asked otherwise",
        querystring: Type.Object({ force: Flag, stop: Flag, networks: Flag, volumes: Flag, images: Flag }),
        response: {
          200: Type.Object({ cleanup: Type.Union([Cleanup, Type.Null()]), cleanup_error: Type.String() }),
          204: Done,
          ...errorReplies(400, 401, 403, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { force, stop, networks, volumes, images } = request.query;
      const clear = { stop: isSet(stop), networks: isSet(networks), volumes: isSet(volumes), images: isSet(images) };
      requireStackName(name);
      requireStackWithin(await placements.get(name), reachOf(request), dockerHosts);
      const what = { action: "stack.delete", target: name, details: clear };
      const { cleared, clearError } = await trail.change(request, principalOf(request), what, () =>
        withDependents(() => removal.remove(name, { caller: callerOf(request), isForced: isSet(force), clear })),
      );
      if (cleared === undefined && clearError === undefined) return reply.code(204).send();
      const cleanup = cleared ? { ...lists(cleared), errors: [...cleared.errors] } : null;
      return reply.send({ cleanup, cleanup_error: clearError ?? "" });
    },
  );

  app.get(
    `${basePath}/stacks/:name/cleanup-preview`,
    {
      onRequest: guards.may("stack.write"),
      schema: {
        ...about,
        params: StackPath,
        operationId: "stacks.cleanup_preview",
        summary: "Tell what deleting a stack could clear away",
        response: {
          200: Type.Object({
            networks: Names,
            volumes: Names,
            images: Names,
            skipped_external: Names,
            skipped_in_use: Names,
          }),
          ...errorReplies(400, 401, 403, 404, 501, 503),
        },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireStackName(name);
      const hostId = await ends.hostOf(name);
      const at = { caller: callerOf(request), ...(hostId !== undefined && { hostId }) };
      const found = await ends.leavings(name, at);
      // What is external bears no label of the stack, and is not found at all.
      return { ...lists(found), skipped_external: [], skipped_in_use: [...found.imagesInUse] };
    },
  );
}

interface Lists {
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly images: readonly string[];
}

function lists({ networks, volumes, images }: Lists) {
  return { networks: [...networks], volumes: [...volumes], images: [...images] };
}
