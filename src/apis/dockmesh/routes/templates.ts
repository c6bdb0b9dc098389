/** Templates of stacks: kept, and given away as files. */
import { Type } from "typebox";
import { contentDisposition } from "../../../platform/content-disposition.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { inWireFields } from "../account-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import { callerOf } from "../stack-caller.ts";
import { templateFile, templateFromWire, templateToWire, WireTemplate, WireTemplateInput } from "../template-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["templates"], security: bearer };
export const TemplatePath = Type.Object({ id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) });
type TemplateParts = Pick<DockmeshParts, "templates">;

export function registerTemplateRoutes(app: ApiInstance, parts: TemplateParts, toolbox: Toolbox): void {
  registerReading(app, parts, toolbox);
  registerExport(app, parts, toolbox);
  registerMaking(app, parts, toolbox);
  registerChanging(app, parts, toolbox);
}

function registerReading(app: ApiInstance, { templates }: TemplateParts, { guards }: Toolbox): void {
  app.get(
    `${basePath}/templates`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "templates.list",
        summary: "List the templates of stacks",
        response: { 200: Type.Array(WireTemplate), ...errorReplies(401) },
      },
    },
    async () => (await templates.list()).map(templateToWire),
  );

  app.get(
    `${basePath}/templates/:id`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "templates.get",
        summary: "Read a template",
        params: TemplatePath,
        response: { 200: WireTemplate, ...errorReplies(400, 401, 404) },
      },
    },
    async (request) => templateToWire(await templates.get(request.params.id)),
  );
}

function registerExport(app: ApiInstance, { templates }: TemplateParts, { guards }: Toolbox): void {
  app.get(
    `${basePath}/templates/:id/export`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "templates.export",
        summary: "Fetch a template as a file",
        params: TemplatePath,
        response: {
          200: { description: "YAML", content: { "application/yaml": { schema: Type.String() } } },
          ...errorReplies(400, 401, 404),
        },
      },
    },
    async (request, reply) => {
      const template = await templates.get(request.params.id);
      reply.header("content-disposition", contentDisposition(`${template.slug}.yaml`));
      return reply.type("application/yaml").send(templateFile(template));
    },
  );
}

function registerMaking(app: ApiInstance, { templates }: TemplateParts, { guards, trail }: Toolbox): void {
  app.post(
    `${basePath}/templates`,
    {
      onRequest: guards.may("stack.adopt"),
      schema: {
        ...about,
        operationId: "templates.create",
        summary: "Make a template",
        body: WireTemplateInput,
        response: { 201: WireTemplate, ...errorReplies(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const by = { isTrusted: callerOf(request).mayReachHost };
      const what = { action: "template.create", target: request.body.slug };
      const made = await trail.change(request, principalOf(request), what, () =>
        inWireFields(() => templates.create(templateFromWire(request.body), by)),
      );
      return reply.code(201).send(templateToWire(made));
    },
  );
}

function registerChanging(app: ApiInstance, { templates }: TemplateParts, { guards, trail }: Toolbox): void {
  app.put(
    `${basePath}/templates/:id`,
    {
      onRequest: guards.may("stack.adopt"),
      schema: {
        ...about,
        operationId: "templates.update",
        summary: "Replace a template; stacks that were made of it stay as they are",
        params: TemplatePath,
        body: WireTemplateInput,
        response: { 200: WireTemplate, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const by = { isTrusted: callerOf(request).mayReachHost };
      const what = { action: "template.update", target: String(id) };
      const work = () => inWireFields(() => templates.update(id, templateFromWire(request.body), by));
      return templateToWire(await trail.change(request, principalOf(request), what, work));
    },
  );

  app.delete(
    `${basePath}/templates/:id`,
    {
      onRequest: guards.may("stack.adopt"),
      schema: {
        ...about,
        operationId: "templates.delete",
        summary: "Delete a template",
        params: TemplatePath,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const what = { action: "template.delete", target: String(id) };
      await trail.change(request, principalOf(request), what, () => templates.remove(id));
      return reply.code(204).send();
    },
  );
}
