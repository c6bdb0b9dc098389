/** Messages to running applications, which this API calls tasks: a client posts one and waits for the reply; the application's process
 *  fetches it and puts the reply. The process shows its own key, no token. Bodies are bytes, whatever they are labelled. */
import { Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import type { ApiInstance, ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { keepBodiesRaw } from "../../../platform/http/bodies.ts";
import { checkHook } from "../../../platform/http/check-hook.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import type { AppMeshParts } from "../parts.ts";
import { quirks, readingOf } from "../quirks.ts";
import { secondsOf } from "../runs.ts";
import { Bytes, errorReplies, Message } from "../schemas.ts";
import { AppPath } from "./applications.ts";

const largestMessageBytes = 8 * 1024 * 1024;
const defaultTimeoutSeconds = 60;
/** The SDKs' own limit for any request is 300 s, and some workers die of reaching it. */
const fetchWaitMs = 290_000;

const SendQuery = Type.Object({
  timeout: Type.Optional(
    Type.Unsafe<string | number>({
      type: ["integer", "string"],
      default: defaultTimeoutSeconds,
      description: "Seconds (or an ISO 8601 duration) to wait for the reply; 0 or less: as long as the client stays",
    }),
  ),
});

const WorkerQuery = Type.Object({
  process_key: Type.String({ description: "What the process found in APP_MESH_PROCESS_KEY" }),
});

const payload = {
  "text/plain": { schema: Bytes },
  "application/octet-stream": { schema: Bytes },
};
const nothing = (description: string) => Type.Unsafe<void>({ type: "null", description });
const bearer = [{ BearerAuth: [] }];
const tags = ["TaskRun"];

export function registerMessageRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  app.register(async (scope: ApiInstance) => {
    keepBodiesRaw(scope);
    registerSenderRoutes(scope, parts, guard, trail);
    registerWorkerRoutes(scope, parts);
  });
}

function registerSenderRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  const { messages } = parts.apps;

  app.post(
    "/appmesh/app/:app_name/task",
    {
      onRequest: guard("app-run-task"),
      bodyLimit: largestMessageBytes,
      schema: {
        summary: "Send a message to a running application, and wait for its reply",
        description: "An application holds one message: a later one displaces the one that waits, which then gets 417.",
        tags,
        security: bearer,
        params: AppPath,
        querystring: SendQuery,
        body: { content: payload },
        response: {
          200: { description: "The reply, as the application sent it", content: payload },
          ...errorReplies(400, 401, 404, 408, 412, 417),
        },
      },
    },
    async (request, reply) => {
      const timeoutMs = timeoutMsOf(request.query.timeout);
      const { app_name: name } = request.params;
      const principal = principalOf(request);
      trail.recordSoon(request, principal, { action: "app.message", target: name, outcome: "done" });
      const answer = await messages.send(principal, name, bytesOf(request), {
        timeoutMs,
        signal: requestSignal(reply),
      });
      return sendBytes(request, reply, parts, answer);
    },
  );

  app.delete(
    "/appmesh/app/:app_name/task",
    {
      onRequest: guard("app-run-task"),
      schema: {
        summary: "Cancel the message that waits for its reply",
        tags,
        security: bearer,
        params: AppPath,
        response: {
          200: nothing("Cancelled; its sender gets 417"),
          208: nothing("No message was waiting"),
          ...errorReplies(400, 401, 404),
        },
      },
    },
    async (request, reply) => {
      const { app_name: name } = request.params;
      const principal = principalOf(request);
      const wasPending = await messages.cancel(principal, name);
      if (wasPending)
        await trail.record(request, principal, { action: "app.message-cancel", target: name, outcome: "done" });
      return reply.code(wasPending ? 200 : 208).send();
    },
  );
}

function registerWorkerRoutes(app: ApiInstance, parts: AppMeshParts): void {
  const { messages } = parts.apps;

  app.get(
    "/appmesh/app/:app_name/task",
    {
      exposeHeadRoute: false, // it would take the worker's place
      schema: {
        summary: "For the application's process: wait for a message, and fetch it",
        description:
          "A message that was fetched stays until its reply: asked again, it is answered again. A later fetch displaces one that waits " +
          "(503); where no message came, 504 asks to fetch again; 412 tells a process that has been replaced to end.",
        tags,
        params: AppPath,
        querystring: WorkerQuery,
        response: {
          200: { description: "The message, as its sender sent it", content: payload },
          504: Message,
          ...errorReplies(400, 404, 412),
        },
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const wait = { timeoutMs: fetchWaitMs, signal: requestSignal(reply) };
      const message = await messages.fetch(params.app_name, query.process_key, wait);
      if (!message) return reply.code(504).send({ message: "no message came: fetch again" });
      return sendBytes(request, reply, parts, message);
    },
  );

  app.put(
    "/appmesh/app/:app_name/task",
    {
      // The key before the body: nobody else makes us hold megabytes.
      onRequest: checkHook((request) => void messages.admit(nameOf(request), keyOf(request))),
      bodyLimit: largestMessageBytes,
      schema: {
        summary: "For the application's process: reply to the message that it fetched last",
        tags,
        params: AppPath,
        querystring: WorkerQuery,
        body: { content: payload },
        response: { 200: nothing("The sender has it"), ...errorReplies(400, 401, 404, 412) },
      },
    },
    async (request, reply) => {
      messages.reply(request.params.app_name, request.query.process_key, bytesOf(request));
      await new Promise(setImmediate); // the sender first: only then is the next message on its way
      return reply.code(200).send();
    },
  );
}

/** @throws {YardError} invalid */
function timeoutMsOf(given: string | number = defaultTimeoutSeconds): number | undefined {
  const seconds = secondsOf(String(given), "timeout") ?? defaultTimeoutSeconds;
  return seconds > 0 ? seconds * 1_000 : undefined;
}

/** Of a request that was not validated yet. */
function nameOf({ params }: ApiRequest): string {
  return (params as { app_name: string }).app_name;
}

/** The same; of several the first counts. */
function keyOf({ query }: ApiRequest): string {
  const { process_key: key } = query as { process_key?: string | string[] };
  return [key].flat()[0] ?? "";
}

/** A request without any body has none to parse. */
function bytesOf({ body }: ApiRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function sendBytes(request: ApiRequest, reply: ApiReply, parts: AppMeshParts, bytes: Buffer): ApiReply {
  const reading = readingOf(request.headers["user-agent"], parts.reading);
  return reply.type(quirks.messageType[reading]).send(bytes);
}
