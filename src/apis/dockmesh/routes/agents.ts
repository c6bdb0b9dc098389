/** Agents: added, looked at, given another token, removed. */
import { Type } from "typebox";
import { principalOf } from "../../../identity/admission.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { Agent, AgentPath, createAgentDirectory, Invitation, invitationToWire, urlsFor } from "../agent-words.ts";
import { errorReplies } from "../errors.ts";
import { reachOf } from "../guards.ts";
import type { AgentParts } from "../parts.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["agents"], security: bearer };

export function registerAgentRoutes(app: ApiInstance, agents: AgentParts, toolbox: Toolbox): void {
  registerLooking(app, agents, toolbox);
  registerInviting(app, agents, toolbox);
  registerRemoving(app, agents, toolbox);
}

function registerLooking(app: ApiInstance, agents: AgentParts, { guards }: Toolbox): void {
  const directory = createAgentDirectory(agents);

  app.get(
    `${basePath}/agents`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "agents.list",
        summary: "List the agents within reach, newest first",
        response: { 200: Type.Array(Agent), ...errorReplies(401, 403) },
      },
    },
    (request) => directory.list(reachOf(request)),
  );

  app.get(
    `${basePath}/agents/:id`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "agents.get",
        summary: "Look at an agent",
        params: AgentPath,
        response: { 200: Agent, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => directory.toWire(await directory.get(request.params.id, reachOf(request))),
  );
}

function registerInviting(app: ApiInstance, agents: AgentParts, { guards, trail }: Toolbox): void {
  const { registry, enrolment, changed } = agents;
  const directory = createAgentDirectory(agents);

  app.post(
    `${basePath}/agents`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "agents.create",
        summary: "Add a host, and get the token by which a machine becomes it",
        body: Type.Object({ name: Type.String({ maxLength: 128 }) }),
        response: { 201: Invitation, ...errorReplies(400, 401, 403, 409, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const urls = await urlsFor(request, agents); // before anything is made that nobody could use
      const name = request.body.name.trim();
      if (name === "") throw new YardError("invalid", "must not be empty", { field: "name" });
      const wanted = { kind: "regular", name, isNameUnique: true, createdBy: principal.userId } as const;
      const what = { action: "agent.create", target: name };
      const host = await trail.change(request, principal, what, () => registry.create(wanted));
      await changed(host.id);
      const token = await enrolment.invite(host.id);
      return reply.code(201).send(invitationToWire(await directory.toWire(host), token, urls));
    },
  );

  app.post(
    `${basePath}/agents/:id/rotate-token`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "agents.rotate_enroll_token",
        summary: "Get another token; a machine that enrols with it takes the place of the one before",
        params: AgentPath,
        response: { 200: Invitation, ...errorReplies(400, 401, 403, 404, 422) },
      },
    },
    async (request) => {
      const host = await directory.get(request.params.id, reachOf(request));
      const urls = await urlsFor(request, agents);
      const what = { action: "agent.rotate_token", target: host.id };
      const token = await trail.change(request, principalOf(request), what, () => enrolment.invite(host.id));
      return invitationToWire(await directory.toWire(host), token, urls);
    },
  );
}

function registerRemoving(app: ApiInstance, agents: AgentParts, { guards, trail }: Toolbox): void {
  const directory = createAgentDirectory(agents);

  app.delete(
    `${basePath}/agents/:id`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "agents.delete",
        summary: "Remove an agent's host; its certificate is good for nothing from now on",
        description: "Refused while capsules that run are on it. Containers that it did not start for the yard run on.",
        params: AgentPath,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const host = await directory.get(request.params.id, reachOf(request));
      await trail.change(request, principalOf(request), { action: "agent.delete", target: host.id }, () =>
        agents.removal.remove(host.id, { force: false }),
      );
      return reply.code(204).send();
    },
  );
}
