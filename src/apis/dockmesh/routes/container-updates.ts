/** Containers of newer images. */
import { Type } from "typebox";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { createAskedHosts } from "../asked-hosts.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, HostQuery } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";
import { ContainerPath } from "./containers.ts";

const about = { tags: ["containers"], security: bearer, params: ContainerPath, querystring: HostQuery };

export function registerContainerUpdateRoutes(
  app: ApiInstance,
  { dockerHosts, containerUpdates }: Pick<DockmeshParts, "dockerHosts" | "containerUpdates">,
  { guards, trail }: Toolbox,
): void {
  const asked = createAskedHosts(dockerHosts);

  app.get(
    `${basePath}/containers/:id/update-info`,
    {
      onRequest: guards.may("container.control"),
      schema: {
        ...about,
        operationId: "containers.update_info",
        summary: "Ask the registry whether a container's image is still the one of that name",
        response: {
          200: Type.Object({
            current_image: Type.String(),
            current_digest: Type.String({ description: "Empty: the image came from no registry" }),
            latest_image: Type.String(),
            latest_digest: Type.String(),
            update_available: Type.Boolean(),
          }),
          ...errorReplies(400, 401, 403, 404, 422, 503),
        },
      },
    },
    async (request) => {
      const found = await containerUpdates.info(asked.one(request), request.params.id);
      return {
        ...{ current_image: found.image, current_digest: found.currentDigest },
        ...{ latest_image: found.image, latest_digest: found.latestDigest, update_available: found.isAvailable },
      };
    },
  );

  app.post(
    `${basePath}/containers/:id/update`,
    {
      onRequest: guards.may("container.control"),
      schema: {
        ...about,
        operationId: "containers.update",
        summary:
          "Pull a container's image, and if it is another one now, put an identical container of it in its place",
        response: {
          200: Type.Object({
            container_id: Type.String({ description: "The same as before: there was nothing newer" }),
            old_image: Type.String({ description: "An id" }),
            new_image: Type.String({ description: "An id" }),
          }),
          ...errorReplies(400, 401, 403, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      const host = asked.one(request);
      const { id } = request.params;
      const what = { action: "container.update", target: id, details: { host: host.name } };
      const done = await trail.change(request, principalOf(request), what, () => containerUpdates.update(host, id));
      return { container_id: done.containerId, old_image: done.oldImageId, new_image: done.newImageId };
    },
  );

  app.post(
    `${basePath}/containers/:id/rollback`,
    {
      onRequest: guards.may("container.control"),
      schema: {
        ...about,
        operationId: "containers.rollback",
        summary: "Go back to the image from before an update",
        body: Type.Object({ history_id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) }),
        response: {
          200: Type.Object({ container_id: Type.String(), image: Type.String() }),
          ...errorReplies(400, 401, 403, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      const host = asked.one(request);
      const { id } = request.params;
      const { history_id: updateId } = request.body;
      const what = { action: "container.rollback", target: id, details: { host: host.name, update: updateId } };
      const done = await trail.change(request, principalOf(request), what, () =>
        containerUpdates.rollback(host, id, updateId),
      );
      return { container_id: done.containerId, image: done.image };
    },
  );

  app.get(
    `${basePath}/containers/:id/update-history`,
    {
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "containers.update_history",
        summary: "List a container's updates, newest first: by its name, also those of the containers before it",
        response: {
          200: Type.Array(
            Type.Object({
              id: Type.Integer(),
              old_image: Type.String({ description: "An id" }),
              new_image: Type.String({ description: "An id" }),
              updated_at: Type.String({ format: "date-time" }),
              rolled_back_at: Type.Optional(Type.String({ format: "date-time" })),
            }),
          ),
          ...errorReplies(400, 401, 403, 404, 503),
        },
      },
    },
    async (request) => {
      const updates = await containerUpdates.history(asked.one(request), request.params.id);
      return updates.map(({ id, oldImageId, newImageId, updatedAt, rolledBackAt }) => ({
        ...{ id, old_image: oldImageId, new_image: newImageId, updated_at: new Date(updatedAt).toISOString() },
        ...(rolledBackAt !== null && { rolled_back_at: new Date(rolledBackAt).toISOString() }),
      }));
    },
  );
}
