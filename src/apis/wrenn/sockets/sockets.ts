/** The WebSockets of a capsule: commands as they print, what others have started, and terminals. */
import type { onRequestHookHandler } from "fastify";
import { Type } from "typebox";
import type { ApiInstance, ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { createSocketChannel } from "../../../platform/http/socket-channel.ts";
import { acceptWebSocket } from "../../../platform/http/websockets.ts";
import { errorReplies } from "../errors.ts";
import { idFromWire } from "../ids.ts";
import type { CapsuleParts } from "../parts.ts";
import { mayBeSdk } from "../quirks.ts";
import { IdPath, teamSecurity } from "../schemas.ts";
import { createSeats } from "../seats.ts";
import type { Toolbox } from "../toolbox.ts";
import { type Conversation, converse } from "./conversation.ts";
import { streamCommand } from "./exec-stream.ts";
import { OutputEncoding } from "./frames.ts";
import { streamProcess } from "./process-stream.ts";
import { talkToTerminal } from "./terminal.ts";

/** A frame holds a command with its arguments, or what was typed or pasted. */
const maxMessageBytes = 1024 * 1024;
const mostPerTeam = 500;
/** Each may take some seconds to say who it is. */
const mostUnknown = 500;

const about = { tags: ["Commands"], security: teamSecurity };
const statuses = {
  101: Type.Unsafe<undefined>({ type: "null", description: "The connection is a WebSocket from now on" }),
  ...errorReplies(400, 401, 403, 404, 409),
};
const openness =
  "The capsule is looked for after the upgrade: that there is none, or that it does not run, is told in an `error` frame. Without a credential in the " +
  'headers the first frame must be {"type":"auth","token":"…"}.';

export function registerSocketRoutes(app: ApiInstance, parts: CapsuleParts, toolbox: Toolbox): void {
  const hold = createHolder(parts, toolbox);
  const onRequest = credentialIfAny(toolbox.guards.team("capsules.run"));

  app.get(
    "/v1/capsules/:id/exec/stream",
    {
      onRequest,
      schema: {
        ...about,
        operationId: "execStream",
        summary: "Start a command and hear what it prints, over a WebSocket",
        description: `${openness} Frames: \`start\` and \`stop\` to the server; \`start\`, \`stdout\`, \`stderr\`, \`exit\` and \`error\` from it.`,
        params: IdPath,
        response: statuses,
      },
    },
    (request, reply) => hold(request, reply, {}, (talk, onStart) => streamCommand(talk, onStart)),
  );

  app.get(
    "/v1/capsules/:id/processes/:selector/stream",
    {
      onRequest,
      schema: {
        ...about,
        operationId: "connectProcess",
        summary: "Hear what a running command prints from now on, over a WebSocket",
        description: `${openness} Frames from the server: \`start\`, \`stdout\`, \`stderr\`, \`exit\` and \`error\`.`,
        params: Type.Object({ ...IdPath.properties, selector: Type.String({ description: "A pid, or a tag" }) }),
        querystring: Type.Object({ encoding: Type.Optional(OutputEncoding) }),
        response: statuses,
      },
    },
    (request, reply) =>
      hold(request, reply, {}, (talk) => streamProcess(talk, { ...request.params, ...request.query })),
  );

  app.get(
    "/v1/capsules/:id/pty",
    {
      onRequest,
      schema: {
        ...about,
        operationId: "ptySession",
        summary: "Use a terminal, over a WebSocket",
        description: `${openness} Frames: \`start\` or \`connect\`, then \`input\`, \`resize\` and \`kill\` to the server; \`started\`, \`output\`, \`exit\`, \`error\` and \`ping\` from it. The terminal lives on without anybody.`,
        params: IdPath,
        response: statuses,
      },
    },
    (request, reply) => {
      const isEitherLikely = mayBeSdk(request.headers["user-agent"]);
      return hold(request, reply, { fatal: true }, (talk, onStart) =>
        talkToTerminal(talk, { onStart, isEitherLikely }),
      );
    },
  );
}

type Talk = (talk: Conversation, onStart: (command: string) => void) => Promise<void>;
type SocketRequest = ApiRequest & { readonly params: { readonly id: string } };

function createHolder({ capsules }: CapsuleParts, { guards, trail }: Toolbox) {
  const seats = createSeats(mostPerTeam, "open sockets of this team");
  const unknown = createSeats(mostUnknown, "sockets that have not said yet who they are");
  return async function hold(request: SocketRequest, reply: ApiReply, fatal: object, talk: Talk): Promise<void> {
    const capsuleId = idFromWire("capsule", request.params.id);
    const { headers } = request;
    const admit = hasCredential(request) ? () => guards.admitHeaders(headers, "capsules.run") : undefined;
    const socket = acceptWebSocket(request, reply, { maxMessageBytes });
    if (!socket) return;
    const channel = createSocketChannel(socket);
    const report = (error: unknown) => request.log.error({ err: error, requestId: request.id }, "a socket failed");
    await converse({ channel, admit, capsuleId, capsules, guards, seats, unknown, fatal, report }, (conversation) =>
      talk(conversation, (command) =>
        trail.recordSoon(request, conversation.caller.principal, {
          ...{ action: "capsule.exec", target: request.params.id, outcome: "done", details: { command } },
        }),
      ),
    );
  };
}

/** A credential that is shown must be good. Browsers can show none here: it comes in their first frame. */
function credentialIfAny(guard: onRequestHookHandler): onRequestHookHandler {
  return function hook(request, reply, done) {
    if (hasCredential(request)) return guard.call(this, request, reply, done);
    done();
  };
}

function hasCredential({ headers }: ApiRequest): boolean {
  return Boolean(headers["x-api-key"] || headers.authorization);
}
