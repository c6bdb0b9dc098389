/** Notification channels of a team: made, tried out, listed, changed, removed. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { callerOf } from "../callers.ts";
import { ChannelReply, channelToWire, Events, Provider, ProviderConfig } from "../channel-words.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { testEvent } from "../event-words.ts";
import { idFromWire } from "../ids.ts";
import type { WrennParts } from "../parts.ts";
import { IdPath, NoContent, userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Channels"], security: userSecurity };

type ChannelParts = Pick<WrennParts, "channels">;

export function registerChannelRoutes(app: ApiInstance, parts: ChannelParts, toolbox: Toolbox): void {
  registerMaking(app, parts, toolbox);
  registerTrying(app, parts, toolbox);
  registerLooking(app, parts, toolbox);
  registerChanging(app, parts, toolbox);
  registerRemoving(app, parts, toolbox);
}

function registerMaking(app: ApiInstance, { channels }: ChannelParts, { guards, trail }: Toolbox): void {
  app.post(
    "/v1/channels",
    {
      onRequest: guards.member("channels.write"),
      schema: {
        ...about,
        operationId: "createChannel",
        summary: "Make a channel by which the team is told what happens",
        description: "Whether it can be reached shows when it is tried out, or first used.",
        body: Type.Object({ name: Type.String(), provider: Provider, config: ProviderConfig, events: Events }),
        response: { 201: ChannelReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 409, 429) },
      },
    },
    async (request, reply) => {
      const { principal, teamId } = callerOf(request);
      const { channel, secret } = await channels.create(teamId, request.body);
      const { provider, events } = channel;
      const details = { provider, events: events.join(" ") };
      await trail.record(request, principal, {
        action: "channel.create",
        target: channel.id,
        outcome: "done",
        details,
      });
      reply.header("cache-control", "no-store");
      return reply.code(201).send({ ...channelToWire(channel), ...(secret !== undefined && { secret }) });
    },
  );
}

function registerTrying(app: ApiInstance, { channels }: ChannelParts, { guards, trail }: Toolbox): void {
  app.post(
    "/v1/channels/test",
    {
      onRequest: guards.member("channels.write"),
      schema: {
        ...about,
        operationId: "testChannel",
        summary: "Send a test to a receiver, and keep nothing of it",
        body: Type.Object({ provider: Provider, config: ProviderConfig }),
        response: {
          200: Type.Object({ status: Type.Literal("ok") }, { description: "It was received" }),
          ...errorReplies(...bodyStatuses, 401, 403, 404, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { principal, teamId } = callerOf(request);
      const attempt = { event: testEvent(Date.now()), signal: requestSignal(reply) };
      const what = { action: "channel.test", target: request.body.provider };
      await trail.change(request, principal, what, () => channels.try(teamId, request.body, attempt));
      return { status: "ok" as const };
    },
  );
}

function registerLooking(app: ApiInstance, { channels }: ChannelParts, { guards }: Toolbox): void {
  app.get(
    "/v1/channels",
    {
      onRequest: guards.member("channels.view"),
      schema: {
        ...about,
        operationId: "listChannels",
        summary: "List the team's channels, newest first",
        response: { 200: Type.Array(ChannelReply), ...errorReplies(401, 403, 404) },
      },
    },
    async (request) => (await channels.list(callerOf(request).teamId)).map(channelToWire),
  );

  app.get(
    "/v1/channels/:id",
    {
      onRequest: guards.member("channels.view"),
      schema: {
        ...about,
        operationId: "getChannel",
        summary: "Look at a channel, and at what became of its last deliveries",
        params: IdPath,
        response: { 200: ChannelReply, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) =>
      channelToWire(await channels.get(callerOf(request).teamId, idFromWire("channel", request.params.id))),
  );
}

function registerChanging(app: ApiInstance, { channels }: ChannelParts, { guards, trail }: Toolbox): void {
  app.patch(
    "/v1/channels/:id",
    {
      onRequest: guards.member("channels.write"),
      schema: {
        ...about,
        operationId: "updateChannel",
        summary: "Give a channel another name and other events",
        params: IdPath,
        body: Type.Object({ name: Type.String(), events: Events }),
        response: { 200: ChannelReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 409) },
      },
    },
    async (request) => {
      const { principal, teamId } = callerOf(request);
      const id = idFromWire("channel", request.params.id);
      const what = { action: "channel.update", target: id };
      return channelToWire(
        await trail.change(request, principal, what, () => channels.update(teamId, id, request.body)),
      );
    },
  );

  app.put(
    "/v1/channels/:id/config",
    {
      onRequest: guards.member("channels.write"),
      schema: {
        ...about,
        operationId: "rotateChannelConfig",
        summary: "Give a channel other addresses and secrets, all of them anew",
        description:
          "A webhook without a secret gets another one, which is told to nobody: name one to go on checking signatures.",
        params: IdPath,
        body: Type.Object({ config: ProviderConfig }),
        response: { 200: ChannelReply, ...errorReplies(...bodyStatuses, 401, 403, 404) },
      },
    },
    async (request) => {
      const { principal, teamId } = callerOf(request);
      const id = idFromWire("channel", request.params.id);
      const what = { action: "channel.configure", target: id };
      const configure = () => channels.configure(teamId, id, request.body.config);
      return channelToWire(await trail.change(request, principal, what, configure));
    },
  );
}

function registerRemoving(app: ApiInstance, { channels }: ChannelParts, { guards, trail }: Toolbox): void {
  app.delete(
    "/v1/channels/:id",
    {
      onRequest: guards.member("channels.write"),
      schema: {
        ...about,
        operationId: "deleteChannel",
        summary: "Remove a channel, with what is on its way there; one that there is not is removed already",
        params: IdPath,
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { principal, teamId } = callerOf(request);
      const id = idFromWire("channel", request.params.id);
      const what = { action: "channel.delete", target: id, outcome: "done" } as const;
      if (await channels.remove(teamId, id)) await trail.record(request, principal, what);
      return reply.code(204).send();
    },
  );
}
