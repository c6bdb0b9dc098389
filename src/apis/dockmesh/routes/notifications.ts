/** Channels by which alert rules tell people that a container is not well. */
import { Type } from "typebox";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { channelFromWire, channelToWire, WireChannel, WireChannelInput } from "../channel-words.ts";
import { errorReplies, WireError } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["alerts"], security: bearer };
const ChannelPath = Type.Object({ id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) });
type ChannelParts = Pick<DockmeshParts, "fleetChannels">;

export function registerNotificationRoutes(app: ApiInstance, parts: ChannelParts, toolbox: Toolbox): void {
  registerMaking(app, parts, toolbox);
  registerChanging(app, parts, toolbox);
  registerTest(app, parts, toolbox);
}

function registerMaking(app: ApiInstance, { fleetChannels }: ChannelParts, { guards, trail }: Toolbox): void {
  const onRequest = guards.may("user.manage");

  app.get(
    `${basePath}/notifications/channels`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "notifications.list_channels",
        summary: "List the channels",
        response: { 200: Type.Array(WireChannel), ...errorReplies(401, 403) },
      },
    },
    async () => (await fleetChannels.list()).map(channelToWire),
  );

  app.post(
    `${basePath}/notifications/channels`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "notifications.create_channel",
        summary: "Make a channel; rules that name it tell it from now on",
        body: WireChannelInput,
        response: { 201: WireChannel, ...errorReplies(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const { name: target, type } = request.body;
      const what = { action: "notification_channel.create", target, details: { type } };
      const made = await trail.change(request, principalOf(request), what, async () =>
        fleetChannels.create(channelFromWire(request.body)),
      );
      return reply.code(201).send(channelToWire(made));
    },
  );
}

function registerChanging(app: ApiInstance, { fleetChannels }: ChannelParts, { guards, trail }: Toolbox): void {
  const onRequest = guards.may("user.manage");

  app.put(
    `${basePath}/notifications/channels/:id`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "notifications.update_channel",
        summary: "Replace a channel",
        description: "Where the server changes that it sends to, its secrets are to be given again.",
        params: ChannelPath,
        body: WireChannelInput,
        response: { 200: WireChannel, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { type, enabled } = request.body;
      const details = { type, ...(enabled !== undefined && { enabled }) };
      const what = { action: "notification_channel.update", target: String(id), details };
      const work = async () => fleetChannels.update(id, channelFromWire(request.body));
      return channelToWire(await trail.change(request, principalOf(request), what, work));
    },
  );

  app.delete(
    `${basePath}/notifications/channels/:id`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "notifications.delete_channel",
        summary: "Delete a channel; rules that name it go on without it",
        params: ChannelPath,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const what = { action: "notification_channel.delete", target: String(id) };
      await trail.change(request, principalOf(request), what, () => fleetChannels.remove(id));
      return reply.code(204).send();
    },
  );
}

function registerTest(app: ApiInstance, { fleetChannels }: ChannelParts, { guards, trail }: Toolbox): void {
  app.post(
    `${basePath}/notifications/channels/:id/test`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "notifications.test_channel",
        summary: "Send a test at once, also by a channel that is disabled",
        params: ChannelPath,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404, 409, 502, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      // Whatever comes of it, the server is made to ask somewhere.
      const what = { action: "notification_channel.test", target: String(id), outcome: "done" } as const;
      await trail.intend(request, principalOf(request), what);
      try {
        await fleetChannels.try(id, requestSignal(reply));
      } catch (error) {
        if (!isYardError(error, "invalid")) throw error;
        throw new WireError("unavailable", error.message, { status: 502, cause: error });
      }
      return reply.code(204).send();
    },
  );
}
