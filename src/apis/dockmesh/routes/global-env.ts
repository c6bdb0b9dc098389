/** Variables that every stack's compose file may use. They rest sealed; those who manage the fleet read them, as they read stacks' own. */
import { Type } from "typebox";
import type { GlobalVariable, GlobalVariableInput } from "../../../containers/global-env/global-env.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { inWireFields, Timestamp, timeToWire } from "../account-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import { authorOf } from "../stack-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["global-env"], security: bearer };
const VariablePath = Type.Object({ id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) });

const Variable = Type.Object({
  id: Type.Integer(),
  key: Type.String(),
  value: Type.String(),
  group_name: Type.String({ description: "By what people sort them; may be empty" }),
  encrypted: Type.Boolean({ description: "Whether it rests sealed: all do" }),
  created_at: Timestamp,
  updated_at: Timestamp,
});

const VariableInput = Type.Object({
  key: Type.String(),
  value: Type.String(),
  group_name: Type.Optional(Type.String()),
});

type GlobalEnvParts = Pick<DockmeshParts, "globalEnv">;

export function registerGlobalEnvRoutes(app: ApiInstance, parts: GlobalEnvParts, toolbox: Toolbox): void {
  registerReading(app, parts, toolbox);
  registerChanging(app, parts, toolbox);
}

function registerReading(app: ApiInstance, { globalEnv }: GlobalEnvParts, { guards }: Toolbox): void {
  const onRequest = guards.may("user.manage");

  app.get(
    `${basePath}/global-env`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "global_env.list",
        summary: "List the variables of all stacks",
        response: { 200: Type.Array(Variable), ...errorReplies(401, 403) },
      },
    },
    async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return (await globalEnv.list()).map(toWire);
    },
  );

  app.get(
    `${basePath}/global-env/groups`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "global_env.list_groups",
        summary: "List the groups that variables are sorted by",
        response: { 200: Type.Array(Type.String()), ...errorReplies(401, 403) },
      },
    },
    async () => [...(await globalEnv.groups())],
  );
}

function registerChanging(app: ApiInstance, { globalEnv }: GlobalEnvParts, { guards, trail }: Toolbox): void {
  const onRequest = guards.may("user.manage");

  app.post(
    `${basePath}/global-env`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "global_env.create",
        summary: "Make a variable; stacks know it from their next deployment on",
        body: VariableInput,
        response: { 201: Variable, ...errorReplies(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const what = { action: "global_env.create", target: request.body.key };
      const made = await trail.change(request, principalOf(request), what, () =>
        inWireFields(() => globalEnv.create(fromWire(request.body), authorOf(request))),
      );
      return reply.code(201).header("cache-control", "no-store").send(toWire(made));
    },
  );

  app.put(
    `${basePath}/global-env/:id`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "global_env.update",
        summary: "Replace a variable",
        params: VariablePath,
        body: VariableInput,
        response: { 200: Variable, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const what = { action: "global_env.update", target: String(id), details: { key: request.body.key } };
      reply.header("cache-control", "no-store");
      return toWire(
        await trail.change(request, principalOf(request), what, () =>
          inWireFields(() => globalEnv.update(id, fromWire(request.body), authorOf(request))),
        ),
      );
    },
  );

  app.delete(
    `${basePath}/global-env/:id`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "global_env.delete",
        summary: "Delete a variable",
        params: VariablePath,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await trail.change(request, principalOf(request), { action: "global_env.delete", target: String(id) }, () =>
        globalEnv.remove(id, authorOf(request)),
      );
      return reply.code(204).send();
    },
  );
}

function fromWire({ key, value, group_name: group = "" }: Type.Static<typeof VariableInput>): GlobalVariableInput {
  return { key, value, group };
}

function toWire({ id, key, value, group, createdAt, updatedAt }: GlobalVariable): Type.Static<typeof Variable> {
  return {
    ...{ id, key, value, group_name: group, encrypted: true },
    ...{ created_at: timeToWire(createdAt), updated_at: timeToWire(updatedAt) },
  };
}
