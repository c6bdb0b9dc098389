/** Registries of images, with the credentials that hosts fetch images by. */
import { Type } from "typebox";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { inWireFields } from "../account-words.ts";
import { errorReplies, WireError } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { registryFromWire, registryToWire, WireRegistry, WireRegistryInput } from "../registry-words.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["registries"], security: bearer };
const RegistryPath = Type.Object({ id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) });
type RegistryParts = Pick<DockmeshParts, "registries">;

export function registerRegistryRoutes(app: ApiInstance, parts: RegistryParts, toolbox: Toolbox): void {
  registerKeeping(app, parts, toolbox);
  registerChanging(app, parts, toolbox);
  registerTest(app, parts, toolbox);
}

function registerKeeping(app: ApiInstance, { registries }: RegistryParts, { guards, trail }: Toolbox): void {
  app.get(
    `${basePath}/settings/registries`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "registries.list",
        summary: "List the registries",
        response: { 200: Type.Array(WireRegistry), ...errorReplies(401, 403) },
      },
    },
    async () => (await registries.list()).map(registryToWire),
  );

  app.post(
    `${basePath}/settings/registries`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "registries.create",
        summary: "Add a registry; images of it are fetched with its credentials from now on",
        body: WireRegistryInput,
        response: { 201: WireRegistry, ...errorReplies(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const what = { action: "registry.create", target: request.body.name, details: { url: request.body.url } };
      const made = await trail.change(request, principalOf(request), what, () =>
        inWireFields(async () => registries.create(registryFromWire(request.body))),
      );
      return reply.code(201).send(registryToWire(made));
    },
  );
}

function registerChanging(app: ApiInstance, { registries }: RegistryParts, { guards, trail }: Toolbox): void {
  app.put(
    `${basePath}/settings/registries/:id`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "registries.update",
        summary: "Change a registry",
        description: "What is left out stays. Where the host changes, the password is to be given again.",
        params: RegistryPath,
        body: WireRegistryInput,
        response: { 200: WireRegistry, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const what = { action: "registry.update", target: String(id), details: { url: request.body.url } };
      const work = () => inWireFields(async () => registries.update(id, registryFromWire(request.body)));
      return registryToWire(await trail.change(request, principalOf(request), what, work));
    },
  );

  app.delete(
    `${basePath}/settings/registries/:id`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "registries.delete",
        summary: "Forget a registry and its credentials",
        params: RegistryPath,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await trail.change(request, principalOf(request), { action: "registry.delete", target: String(id) }, () =>
        registries.remove(id),
      );
      return reply.code(204).send();
    },
  );
}

function registerTest(app: ApiInstance, { registries }: RegistryParts, { guards, trail }: Toolbox): void {
  app.post(
    `${basePath}/settings/registries/:id/test`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "registries.test",
        summary: "Sign in to a registry, and remember how that went",
        params: RegistryPath,
        response: {
          200: Type.Object({
            ok: Type.Boolean(),
            status: Type.String(),
            identity: Type.Boolean({ description: "Whether it has taken the name and password; it may want none" }),
          }),
          ...errorReplies(400, 401, 403, 404),
          502: Type.Object({ ok: Type.Boolean(), error: Type.String() }),
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      // Whatever comes of it, the server is made to ask somewhere.
      const what = { action: "registry.test", target: String(id), outcome: "done" } as const;
      await trail.intend(request, principalOf(request), what);
      const identity = await asBadGateway(() => registries.test(id));
      return { ok: true, status: identity ? "signed in" : "reachable", identity };
    },
  );
}

async function asBadGateway<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isYardError(error, "unavailable")) throw error;
    throw new WireError("unavailable", error.message, { status: 502, also: { ok: false }, cause: error });
  }
}
