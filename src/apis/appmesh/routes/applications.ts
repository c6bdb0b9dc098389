/** Applications: add, view, list, enable, disable, delete, health. */
import { Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { createAppTexts } from "../app-texts.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import { inWireFields } from "../field-names.ts";
import type { AppMeshParts } from "../parts.ts";
import { quirks, readingOf } from "../quirks.ts";
import { AppRequest, AppView, errorReplies, Message } from "../schemas.ts";
import { definitionFromWire, type Surroundings } from "../translate.ts";
import { definitionToWire } from "../views.ts";

export const AppPath = Type.Object({ app_name: Type.String({ minLength: 1 }) });
/** As JSON text that app-texts.ts has written already. */
const WrittenApp = Type.Unsafe<string>(AppView);
const WrittenAppList = Type.Unsafe<string>(Type.Array(AppView));
const json = "application/json; charset=utf-8";
const bearer = [{ BearerAuth: [] }];

export function registerApplicationRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  const { apps, seal, clock } = parts;
  const surroundings = (): Surroundings => ({ seal, now: clock.now() });
  const textInList = createAppTexts(surroundings);
  const textAlone = createAppTexts(surroundings);

  app.get(
    "/appmesh/applications",
    {
      onRequest: guard("app-view-all"),
      schema: {
        summary: "List the applications that the caller may see",
        tags: ["ApplicationManagement"],
        security: bearer,
        response: { 200: WrittenAppList, ...errorReplies(400, 401) },
      },
    },
    async (request, reply) => {
      const visible = await apps.list(principalOf(request));
      const usage = await apps.usage(visible.map(({ name }) => name));
      const texts = visible.map((found) =>
        textInList(found, { usage: usage.get(found.name), messages: apps.messages.stateOf(found.name) }),
      );
      return reply.type(json).send(`[${texts.join(",")}]`);
    },
  );

  app.get(
    "/appmesh/app/:app_name",
    {
      onRequest: guard("app-view"),
      schema: {
        summary: "View an application with what is known of its process",
        tags: ["ApplicationManagement"],
        security: bearer,
        params: AppPath,
        response: { 200: WrittenApp, ...errorReplies(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const found = await apps.get(principalOf(request), request.params.app_name);
      const usage = await apps.usage([found.name], { tree: true });
      const observed = { usage: usage.get(found.name), messages: apps.messages.stateOf(found.name) };
      return reply.type(json).send(textAlone(found, observed));
    },
  );

  app.put(
    "/appmesh/app/:app_name",
    {
      onRequest: guard("app-reg"),
      schema: {
        summary: "Add an application, or replace it whole",
        description: "An enabled one starts at once; the process of a replaced one is killed.",
        tags: ["ApplicationManagement"],
        security: bearer,
        params: AppPath,
        body: AppRequest,
        response: { 200: AppView, 201: AppView, ...errorReplies(400, 401, 412) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { body } = request;
      const name = body.name || request.params.app_name;
      const definition = definitionFromWire(body, surroundings());
      if (body.pid && body.pid > 1) requireOwnProcess(body.pid);
      const added = await inWireFields(() => apps.put(principal, name, definition, { enabled: body.status !== 0 }));
      await trail.record(request, principal, { action: "app.write", target: added.name, outcome: "done" });
      const reading = readingOf(request.headers["user-agent"], parts.reading);
      return reply.code(quirks.appAddedStatus[reading]).send(definitionToWire(added, surroundings()));
    },
  );

  /** Clients send a viewed application back with the pid it had. Any other one asks to take over a process that the yard did not start. */
  function requireOwnProcess(pid: number): void {
    if (apps.hasProcess(pid)) return;
    const message = `${pid} is no process of this yard, and a running process cannot be taken over: leave it out, and the command is started`;
    throw new YardError("precondition", message, { field: "pid" });
  }

  app.delete(
    "/appmesh/app/:app_name",
    {
      onRequest: guard(),
      schema: {
        summary: "Delete an application, its process and its outputs",
        description: "Needs the permission app-delete, unless the caller owns the application.",
        tags: ["ApplicationManagement"],
        security: bearer,
        params: AppPath,
        response: { 200: Message, ...errorReplies(400, 401, 404, 412) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const found = await apps.get(principal, request.params.app_name);
      if (found.ownerId !== principal.userId) guard.require(request, "app-delete");
      await apps.remove(principal, found.name);
      await trail.record(request, principal, { action: "app.delete", target: found.name, outcome: "done" });
      return { message: `application ${found.name} is deleted` };
    },
  );

  for (const [verb, done] of [
    ["enable", "enabled"],
    ["disable", "disabled"],
  ] as const) {
    app.post(
      `/appmesh/app/:app_name/${verb}`,
      {
        onRequest: guard("app-control"),
        schema: {
          summary:
            verb === "enable"
              ? "Enable an application; it starts at once"
              : "Disable an application and kill its process",
          tags: ["ApplicationManagement"],
          security: bearer,
          params: AppPath,
          response: { 200: Message, ...errorReplies(400, 401, 404, 412) },
        },
      },
      async (request) => {
        const principal = principalOf(request);
        const { name } = await apps[verb](principal, request.params.app_name);
        await trail.record(request, principal, { action: `app.${verb}`, target: name, outcome: "done" });
        return { message: `application ${name} is ${done}` };
      },
    );
  }

  app.get(
    "/appmesh/app/:app_name/health",
    {
      schema: {
        summary: "Whether an application is healthy: 0 if it is, 1 if not",
        tags: ["ApplicationMonitor"],
        params: AppPath,
        response: {
          200: {
            description: "0 healthy, 1 not",
            content: {
              "application/json": { schema: Type.Object({ health: Type.Integer() }) },
              "text/plain": { schema: Type.String() },
            },
          },
          ...errorReplies(400, 404),
        },
      },
    },
    async (request, reply) => {
      const health = (await apps.isHealthy(request.params.app_name)) ? 0 : 1;
      const reading = readingOf(request.headers["user-agent"], parts.reading);
      if (quirks.healthBody[reading] === "json") return reply.send({ health });
      return reply.type("text/plain; charset=utf-8").send(String(health));
    },
  );
}
