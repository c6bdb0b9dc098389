/** What runs in a capsule: listed and killed. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { commandErrors } from "../command-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import { enterFirst, insideOf, insideStatuses } from "../inside.ts";
import type { CapsuleParts } from "../parts.ts";
import { IdPath, NoContent, teamSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Commands"], security: teamSecurity };

const ProcessListReply = Type.Object({
  processes: Type.Array(
    Type.Object({
      pid: Type.Integer({ description: "As it is seen inside" }),
      tag: Type.Optional(Type.String()),
      cmd: Type.String(),
      args: Type.Optional(Type.Array(Type.String())),
    }),
  ),
});

export function registerProcessRoutes(app: ApiInstance, parts: CapsuleParts, toolbox: Toolbox): void {
  registerList(app, parts, toolbox);
  registerKill(app, parts, toolbox);
}

function registerList(app: ApiInstance, { capsules }: CapsuleParts, { guards }: Toolbox): void {
  app.get(
    "/v1/capsules/:id/processes",
    {
      onRequest: enterFirst(guards.team("capsules.run"), capsules),
      schema: {
        ...about,
        operationId: "listProcesses",
        summary: "List what runs in a capsule",
        params: IdPath,
        response: { 200: ProcessListReply, ...errorReplies(...insideStatuses) },
      },
    },
    async (request) => {
      const running = await insideOf(request).commands.list().catch(commandErrors);
      return { processes: running.map(({ pid, tag, command, args }) => ({ pid, tag, cmd: command, args: [...args] })) };
    },
  );
}

function registerKill(app: ApiInstance, { capsules }: CapsuleParts, { guards, trail }: Toolbox): void {
  app.delete(
    "/v1/capsules/:id/processes/:selector",
    {
      onRequest: enterFirst(guards.team("capsules.run"), capsules),
      schema: {
        ...about,
        operationId: "killProcess",
        summary: "End a process",
        params: Type.Object({
          ...IdPath.properties,
          selector: Type.String({ description: "All digits: its pid; else its tag, of which any one is taken" }),
        }),
        querystring: Type.Object({
          signal: Type.Optional(
            Type.String({ default: "SIGKILL", description: "SIGTERM; everything else is SIGKILL" }),
          ),
        }),
        response: { 204: NoContent, ...errorReplies(...insideStatuses) },
      },
    },
    async (request, reply) => {
      const { id, selector } = request.params;
      const signal = request.query.signal === "SIGTERM" ? "SIGTERM" : "SIGKILL";
      await insideOf(request).commands.kill(selector, signal).catch(commandErrors);
      const details = { selector, signal };
      trail.recordSoon(request, principalOf(request), {
        ...{ action: "capsule.process.kill", target: id, outcome: "done", details },
      });
      return reply.code(204).send();
    },
  );
}
